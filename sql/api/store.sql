-- The figures of one store in a report.
--
-- reads   report.store_uptime, report.store
-- binds   report_id, store_id
select
    u.*,
    s.timezone,
    s.has_timezone,
    s.has_business_hours
from report.store_uptime as u
inner join report.store as s on u.report_id = s.report_id and u.store_key = s.store_key
where u.report_id = :report_id and u.store_id collate "C" = :store_id
