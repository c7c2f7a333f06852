-- Reports that nothing has happened to for long, oldest first.
--
-- reads   report.report, report.task_run
-- yields  one row per report
-- binds   before
select
    report.report_id,
    report.created_at,
    report.csv_path
from report.report
where
    greatest(report.created_at, report.published_at, report.failed_at) < :before
    and not exists (
        select
        from report.task_run
        where task_run.report_id = report.report_id and task_run.finished_at >= :before
    )
order by report.created_at, report.report_id
