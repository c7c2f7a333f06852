-- reads   report.report
-- binds   report_id
select
    failed_task,
    failure_cause
from report.report
where report_id = :report_id
