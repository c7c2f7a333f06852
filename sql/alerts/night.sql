-- How far the report of a night came: of its runs the published one, or the one begun last. A run starts at its night
-- or later. No row: none began.
--
-- reads   report.report (by its index on created_at), report.task_run
-- binds   night
with run as (
    select
        r.report_id,
        r.dag_run_id,
        r.created_at,
        r.published_at,
        r.failed_task,
        r.failure_cause
    from report.report as r
    where r.created_at >= :night and r.as_of_limit >= :night
    order by r.published_at is null asc, r.created_at desc, r.report_id asc
    limit 1
),

finished as (
    select
        t.task,
        max(t.finished_at) as finished_at
    from report.task_run as t
    where t.report_id = (select run.report_id from run)
    group by t.task
)

select
    run.report_id,
    run.dag_run_id,
    run.created_at,
    run.published_at,
    run.failed_task,
    run.failure_cause,
    coalesce((select array_agg(f.task order by f.finished_at asc, f.task asc) from finished as f), '{}')
        as finished_tasks
from run
