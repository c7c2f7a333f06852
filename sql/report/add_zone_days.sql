-- The local dates of each zone segment. The first is one day early: a store that closes after midnight opened the day
-- before.
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
    date_trunc('day', lower(zone_segment.utc_range) at time zone 'UTC' + zone_segment.utc_offset) - interval '1 day',
    upper(zone_segment.utc_range) at time zone 'UTC' + zone_segment.utc_offset,
    interval '1 day'
) as date (midnight)
where zone_segment.report_id = :report_id
on conflict do nothing
