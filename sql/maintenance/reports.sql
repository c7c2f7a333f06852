-- name: list_old
-- Reports without any change since an instant, oldest first.
--
-- reads   report.report, report.task_run
-- yields  one row per report
-- binds   before (an instant)
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
order by report.created_at, report.report_id;

-- name: delete
-- A report, and with its row the results of its validation and the small tables of its stages.
--
-- writes  report.report, source_file, task_run, zone_segment, zone_day; quality.expectation_result
-- binds   report_id
delete from report.report
where report_id = :report_id;
