-- What a finished task did; of a repeated one the last time counts. A failure noted by an earlier try is over.
--
-- writes  report.task_run, one row per (report_id, task, shard); report.report
-- binds   report_id, task, shard, started_at, finished_at, counts
with recovered as (
    update report.report
    set failed_task = null, failure_cause = null, failed_at = null
    where report_id = :report_id and failed_task = :task
)

insert into report.task_run (report_id, task, shard, started_at, finished_at, counts)
values (:report_id, :task, :shard, :started_at, :finished_at, :counts)
on conflict (report_id, task, shard) do update
set started_at = excluded.started_at, finished_at = excluded.finished_at, counts = excluded.counts
