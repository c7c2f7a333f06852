-- How far the report of a night has come: of its DAG runs the published one, else the one that began last. A DAG run
-- starts at its night or later.
--
-- reads   report.report (by its index on created_at), report.task_run
-- yields  one row, or nothing if no DAG run began
-- binds   night (an instant)
with dag_run as (
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
    where t.report_id = (select dag_run.report_id from dag_run)
    group by t.task
)

select
    dag_run.report_id,
    dag_run.dag_run_id,
    dag_run.created_at,
    dag_run.published_at,
    dag_run.failed_task,
    dag_run.failure_cause,
    coalesce((select array_agg(f.task order by f.finished_at asc, f.task asc) from finished as f), '{}')
        as finished_tasks
from dag_run
