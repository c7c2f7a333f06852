-- The figures of one store in a report: a row for each period, none if the report has no such store.
--
-- reads   report.store_period, report.store
-- binds   report_id, store_id
select
    p.store_key,
    p.store_id,
    s.timezone,
    s.has_timezone,
    s.has_business_hours,
    p.period,
    p.open_us,
    p.uptime_us,
    p.downtime_us,
    p.unknown_us
from report.store_period as p
inner join report.store as s on p.report_id = s.report_id and p.store_key = s.store_key
where p.report_id = :report_id and p.store_id collate "C" = :store_id
order by p.period
