-- reads   report.store_uptime
-- binds   report_id
select count(*) from report.store_uptime
where report_id = :report_id
