-- name: create
-- The report of a DAG run, unless it is there: a task that is run again, or beside others, finds it.
--
-- writes  report.report, one row
-- binds   report_id, dag_run_id, created_at, no_data, shards
--
-- No key is named: with one, two tasks that come at the same moment may still clash in the other key.
insert into report.report (report_id, dag_run_id, created_at, no_data, shards)
values (:report_id, :dag_run_id, :created_at, :no_data, :shards)
on conflict do nothing;

-- name: request
-- What a report is asked to be; a run that starts over brings it back to that.
--
-- writes  report.report, its row
-- binds   report_id, as_of_requested, as_of_limit, max_gap, no_data, store_ids, shards,
--         run_started_at (a failure since then is one of the same run and stays; null: none does)
update report.report
set
    as_of_requested = :as_of_requested,
    as_of_limit = :as_of_limit,
    max_gap = :max_gap,
    no_data = :no_data,
    store_ids = :store_ids,
    shards = :shards,
    failed_task = case when failed_at >= cast(:run_started_at as timestamptz) then failed_task end,
    failure_cause = case when failed_at >= cast(:run_started_at as timestamptz) then failure_cause end,
    failed_at = case when failed_at >= cast(:run_started_at as timestamptz) then failed_at end
where report_id = :report_id;

-- name: record_task
-- What a finished task did; of a repeated one the last time counts.
--
-- writes  report.task_run, one row per (report_id, task, shard)
-- binds   report_id, task, shard, started_at, finished_at, counts
insert into report.task_run (report_id, task, shard, started_at, finished_at, counts)
values (:report_id, :task, :shard, :started_at, :finished_at, :counts)
on conflict (report_id, task, shard) do update
set started_at = excluded.started_at, finished_at = excluded.finished_at, counts = excluded.counts;

-- name: fail
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
    and not (failed_task = :failed_task and failed_at >= cast(:run_started_at as timestamptz)) is true;

-- name: clear_failure
-- A failure that an earlier try of a task noted is over.
--
-- writes  report.report
-- binds   report_id, task
update report.report
set failed_task = null, failure_cause = null, failed_at = null
where report_id = :report_id and failed_task = :task;

-- name: read_failure
-- reads   report.report
-- binds   report_id
select
    failed_task,
    failure_cause
from report.report
where report_id = :report_id;
