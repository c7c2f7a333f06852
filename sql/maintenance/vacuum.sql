-- Room for new rows, and fresh statistics, in the tables that rows are deleted from. Runs outside a transaction, and
-- skips locked tables, so that no worker waits for them: the next DAG run gets to them. Not left to autovacuum alone:
-- it goes by shares of a table, and what a night deletes from a large one can stay below them for weeks.
vacuum (analyze, skip_locked)
report.report, report.source_file, report.task_run, report.store, report.zone_segment, report.zone_day,
report.open_time, report.observed_status, report.store_uptime,
quality.expectation_result, quality.quarantined_row,
core.folder_file, core.file_partition, core.business_hours, core.store_timezone, core.snapshot_store,
core.staged_interval, core.group_member, core.special_hours, core.planned_downtime, core.target,
core.polled_store, core.status_interval,
history.settlement, history.finished_shard, history.store, history.day, history.outage, history.outage_day,
history.store_month, history.store_group, history.store_target, history.store_now, history.restatement,
history.target_change
