-- The stores of a report with the lowest uptime / (uptime + downtime) in a period, the longest downtime first among
-- equals.
--
-- reads   report.store_period, report.store
-- binds   report_id, period, worst_rows
--
-- A row for each of these stores and each period.
with worst as (
    select
        report_id,
        store_key,
        uptime_us / cast(uptime_us + downtime_us as double precision) as up,
        downtime_us
    from report.store_period
    where report_id = :report_id and period = :period and downtime_us > 0
    order by up asc, downtime_us desc, store_id collate "C" asc
    limit :worst_rows
)

select
    s.store_id,
    s.timezone,
    s.has_timezone,
    s.has_business_hours,
    p.period,
    p.open_us,
    p.uptime_us,
    p.downtime_us,
    p.unknown_us
from worst
inner join report.store as s on worst.report_id = s.report_id and worst.store_key = s.store_key
inner join report.store_period as p on worst.report_id = p.report_id and worst.store_key = p.store_key
order by worst.up asc, worst.downtime_us desc, s.store_id collate "C" asc, p.period asc
