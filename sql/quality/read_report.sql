-- What the checks need to know of a report.
--
-- reads   report.report
-- binds   report_id
select
    created_at,
    dag_run_id,
    as_of,
    as_of_requested,
    as_of_limit
from report.report
where report_id = :report_id
