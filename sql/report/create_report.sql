-- The report of a DAG run; a task that is run again, or beside others, finds it there.
--
-- writes  report.report, one row
-- binds   report_id, dag_run_id, created_at, as_of_requested, as_of_limit, max_gap, no_data, store_ids, shards,
--         run_started_at (a failure since then is one of the same run and stays; null: none does)
insert into report.report (
    report_id, dag_run_id, created_at, as_of_requested, as_of_limit, max_gap, no_data, store_ids, shards
)
values (
    :report_id, :dag_run_id, :created_at, :as_of_requested, :as_of_limit, :max_gap, :no_data, :store_ids, :shards
)
on conflict (report_id) do update
set
    as_of_requested = excluded.as_of_requested,
    as_of_limit = excluded.as_of_limit,
    max_gap = excluded.max_gap,
    no_data = excluded.no_data,
    store_ids = excluded.store_ids,
    shards = excluded.shards,
    failed_task = case when report.failed_at >= cast(:run_started_at as timestamptz) then report.failed_task end,
    failure_cause = case when report.failed_at >= cast(:run_started_at as timestamptz) then report.failure_cause end,
    failed_at = case when report.failed_at >= cast(:run_started_at as timestamptz) then report.failed_at end
