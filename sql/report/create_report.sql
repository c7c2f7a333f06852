-- The report of a DAG run, unless it is there: a task that is run again, or beside others, finds it.
--
-- writes  report.report, one row
-- binds   report_id, dag_run_id, created_at, no_data, shards
--
-- No key is named: with one, two tasks that come at the same moment may still clash in the other key.
insert into report.report (report_id, dag_run_id, created_at, no_data, shards)
values (:report_id, :dag_run_id, :created_at, :no_data, :shards)
on conflict do nothing
