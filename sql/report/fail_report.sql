-- Why the report will not be published (yet).
--
-- writes  report.report, one row
-- binds   report_id, failed_task, failure_cause, failed_at, run_started_at
--
-- Of a task's instances that fail in one run the first one tells, since others may fail because of it.
update report.report
set failed_task = :failed_task, failure_cause = :failure_cause, failed_at = :failed_at
where
    report_id = :report_id
    and not (failed_task = :failed_task and failed_at >= cast(:run_started_at as timestamptz)) is true
