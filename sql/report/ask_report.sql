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
where report_id = :report_id
