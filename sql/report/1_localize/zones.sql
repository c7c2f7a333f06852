-- name: list
-- The zones that the stores of a shard are read in.
--
-- reads   report.store
-- yields  one name per zone
-- binds   report_id, shard, shards
select distinct timezone
from report.store
where
    report_id = :report_id
    and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard)
order by timezone;

-- name: add_segment
-- A UTC span of one zone with one UTC offset. All shards use the same segments; any of them may add one first.
--
-- writes  report.zone_segment, one row
-- binds   report_id, timezone, utc_from, utc_to, utc_offset_seconds
insert into report.zone_segment (report_id, timezone, utc_range, utc_offset)
values (:report_id, :timezone, tstzrange(:utc_from, :utc_to), make_interval(secs => :utc_offset_seconds))
on conflict (report_id, timezone, utc_range) do nothing;

-- name: add_days
-- The local dates of each zone segment. The first is two days early: an opening may end up to 48 hours after 00:00 of
-- the date on which it starts, or on the next date.
--
-- reads   report.zone_segment
-- writes  report.zone_day, one row per (zone, segment, local date)
-- binds   report_id
insert into report.zone_day (report_id, timezone, weekday, midnight_at, utc_range)
select
    zone_segment.report_id,
    zone_segment.timezone,
    extract(isodow from date.midnight) - 1,
    (date.midnight - zone_segment.utc_offset) at time zone 'UTC',
    zone_segment.utc_range
from report.zone_segment
cross join lateral generate_series(
    date_trunc('day', lower(zone_segment.utc_range) at time zone 'UTC' + zone_segment.utc_offset) - interval '2 days',
    upper(zone_segment.utc_range) at time zone 'UTC' + zone_segment.utc_offset,
    interval '1 day'
) as date (midnight)
where zone_segment.report_id = :report_id
on conflict do nothing;
