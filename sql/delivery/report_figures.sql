-- name: newest_from
-- The published report of all stores with the first as_of at or after an instant, without options that change figures.
--
-- reads   report.report
-- yields  the report, or nothing
-- binds   at (an instant)
select
    report_id,
    as_of,
    accepted_order,
    csv_sha256
from report.report
where published_at is not null and store_ids is null and as_of >= :at
order by as_of asc, published_at desc
limit 1;

-- name: newest
-- The published report of all stores with the last as_of.
--
-- reads   report.report
-- yields  the report, or nothing
select
    report_id,
    as_of,
    accepted_order,
    csv_sha256
from report.report
where published_at is not null and store_ids is null
order by as_of desc, published_at desc
limit 1;

-- name: rows
-- The figures of a report as its CSV has them, in byte order of store_id.
--
-- reads   report.store_uptime
-- yields  one row per store
-- binds   report_id
select
    store_id,
    round(uptime_last_hour_us / 60000000.0, 2) as uptime_last_hour,
    round(uptime_last_day_us / 3600000000.0, 2) as uptime_last_day,
    round(uptime_last_week_us / 3600000000.0, 2) as uptime_last_week,
    round(downtime_last_hour_us / 60000000.0, 2) as downtime_last_hour,
    round(downtime_last_day_us / 3600000000.0, 2) as downtime_last_day,
    round(downtime_last_week_us / 3600000000.0, 2) as downtime_last_week
from report.store_uptime
where report_id = :report_id
order by store_id collate "C";
