-- Pins the report to what is visible now: a repeated task then uses the same files.
--
-- reads   core.acceptance
-- writes  report.report, one row
-- binds   report_id
update report.report
set
    accepted_order = visible.accepted_order,
    business_hours_file_id = visible.business_hours_file_id,
    store_timezones_file_id = visible.store_timezones_file_id
from (
    select
        max(accepted_order) as accepted_order,
        (array_agg(file_id order by accepted_order desc) filter (where kind = 'business_hours'))[1]
            as business_hours_file_id,
        (array_agg(file_id order by accepted_order desc) filter (where kind = 'store_timezones'))[1]
            as store_timezones_file_id
    from core.acceptance
) as visible
where report.report_id = :report_id
