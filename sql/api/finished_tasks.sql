-- What the finished tasks of a report did, shard by shard.
--
-- reads   report.task_run
-- binds   report_id
select
    task,
    shard,
    started_at,
    finished_at,
    counts
from report.task_run
where report_id = :report_id
order by task, shard
