-- name: create
-- The report of a DAG run, unless it exists: a repeated task finds it, and so do tasks that run at the same time.
--
-- writes  report.report, one row
-- binds   report_id, dag_run_id, created_at, no_data, shards
--
-- The conflict names no key: with one, two tasks at the same moment could still collide in the other key.
insert into report.report (report_id, dag_run_id, created_at, no_data, shards)
values (:report_id, :dag_run_id, :created_at, :no_data, :shards)
on conflict do nothing;

-- name: request
-- What is requested of a report; a DAG run that starts again resets it to that.
--
-- writes  report.report, its row
-- binds   report_id, as_of_requested, as_of_limit, max_gap, no_data, store_ids, shards, hours_valid_from,
--         zones_valid_from, run_started_at (a failure since then is of the same DAG run and stays; null: none does)
update report.report
set
    as_of_requested = :as_of_requested,
    as_of_limit = :as_of_limit,
    max_gap = :max_gap,
    no_data = :no_data,
    store_ids = :store_ids,
    shards = :shards,
    hours_valid_from = :hours_valid_from,
    zones_valid_from = :zones_valid_from,
    failed_task = case when failed_at >= cast(:run_started_at as timestamptz) then failed_task end,
    failure_cause = case when failed_at >= cast(:run_started_at as timestamptz) then failure_cause end,
    failed_at = case when failed_at >= cast(:run_started_at as timestamptz) then failed_at end
where report_id = :report_id;

-- name: record_task
-- What a finished task did; a repeated task replaces its row.
--
-- writes  report.task_run, one row per (report_id, task, shard)
-- binds   report_id, task, shard, started_at, finished_at, counts
insert into report.task_run (report_id, task, shard, started_at, finished_at, counts)
values (:report_id, :task, :shard, :started_at, :finished_at, :counts)
on conflict (report_id, task, shard) do update
set started_at = excluded.started_at, finished_at = excluded.finished_at, counts = excluded.counts;

-- name: fail
-- Why the report is not published.
--
-- writes  report.report, one row
-- binds   report_id, failed_task, failure_cause, failed_at, run_started_at
--
-- Of the mapped instances of a task that fail in one DAG run, the first one counts: others may fail because of it.
update report.report
set failed_task = :failed_task, failure_cause = :failure_cause, failed_at = :failed_at
where
    report_id = :report_id
    and not (failed_task = :failed_task and failed_at >= cast(:run_started_at as timestamptz)) is true;

-- name: clear_failure
-- Removes the failure that an earlier attempt of a task recorded.
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

-- name: note_folder
-- The data folder that the DAG run reads, and those of its files that are not read, although they look like an input.
--
-- writes  report.report, one row
-- binds   report_id, data_folder, unread_files
update report.report
set
    data_folder = :data_folder,
    unread_files = :unread_files
where report_id = :report_id;
