-- Why the report will not be published (yet).
--
-- writes  report.report, one row
-- binds   report_id, failed_task, failure_cause, failed_at
update report.report
set failed_task = :failed_task, failure_cause = :failure_cause, failed_at = :failed_at
where report_id = :report_id
