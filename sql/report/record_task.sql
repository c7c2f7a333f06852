-- What a finished task did; of a repeated one the last time counts.
--
-- writes  report.task_run, one row per (report_id, task, shard)
-- binds   report_id, task, shard, started_at, finished_at, counts
insert into report.task_run (report_id, task, shard, started_at, finished_at, counts)
values (:report_id, :task, :shard, :started_at, :finished_at, :counts)
on conflict (report_id, task, shard) do update
set started_at = excluded.started_at, finished_at = excluded.finished_at, counts = excluded.counts
