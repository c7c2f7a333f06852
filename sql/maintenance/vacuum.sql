-- Room for new rows, and fresh statistics, in the tables that rows are deleted from. Runs outside a transaction, and
-- skips locked tables, so that no worker waits for them: the next DAG run gets to them.
vacuum (analyze, skip_locked)
report.report, report.source_file, report.task_run, report.store, report.zone_segment, report.zone_day,
report.open_time, report.observed_status, report.store_uptime,
quality.expectation_result, quality.quarantined_row,
core.business_hours, core.store_timezone, core.snapshot_store, core.staged_interval, core.polled_store,
core.status_interval
