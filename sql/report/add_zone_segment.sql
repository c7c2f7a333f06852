-- A UTC span of one zone with one UTC offset. Shards share the segments, which are the same whoever adds them.
--
-- writes  report.zone_segment, one row
-- binds   report_id, timezone, utc_from, utc_to, utc_offset_seconds
insert into report.zone_segment (report_id, timezone, utc_range, utc_offset)
values (:report_id, :timezone, tstzrange(:utc_from, :utc_to), make_interval(secs => :utc_offset_seconds))
on conflict (report_id, timezone, utc_range) do nothing
