-- A report and all that its stages and checks left.
--
-- writes  report.*, quality.expectation_result (which goes with the report's row, as the small tables do)
-- binds   report_id
with store as (
    delete from report.store
    where report_id = :report_id
),

open_time as (
    delete from report.open_time
    where report_id = :report_id
),

observed_status as (
    delete from report.observed_status
    where report_id = :report_id
),

store_uptime as (
    delete from report.store_uptime
    where report_id = :report_id
)

delete from report.report
where report_id = :report_id
