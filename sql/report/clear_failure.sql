-- A failure that an earlier try of a task noted is over.
--
-- writes  report.report
-- binds   report_id, task
update report.report
set failed_task = null, failure_cause = null, failed_at = null
where report_id = :report_id and failed_task = :task
