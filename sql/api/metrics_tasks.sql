-- How long the tasks of a report took, over all shards: from the first start to the last end.
--
-- reads   report.task_run
-- binds   report_id
select
    task,
    extract(epoch from max(finished_at) - min(started_at)) as seconds
from report.task_run
where report_id = :report_id
group by task
order by min(started_at)
