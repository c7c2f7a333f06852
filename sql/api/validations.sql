-- The validations of reports' input in numbers, newest first.
--
-- reads   report.report, report.report_file, core.file, quality.expectation_result
-- binds   report_id (null: all), before_created_at, before_report_id (where the previous page ended; null for the
--         first), page_rows
with report as (
    select
        r.report_id,
        r.dag_run_id,
        r.created_at
    from report.report as r
    where
        (cast(:report_id as uuid) is null or r.report_id = cast(:report_id as uuid))
        and (
            cast(:before_created_at as timestamptz) is null
            or (r.created_at, r.report_id) < (cast(:before_created_at as timestamptz), cast(:before_report_id as uuid))
        )
        and exists (select from quality.expectation_result as e where e.report_id = r.report_id)
    order by r.created_at desc, r.report_id desc
    limit :page_rows
)

select
    report.report_id,
    report.dag_run_id,
    report.created_at,
    checked.*,
    loaded.*
from report
cross join lateral (
    select
        max(e.checked_at) as checked_at,
        count(*) as expectations,
        count(*) filter (where e.is_met) as met,
        count(*) filter (where not e.is_met and e.severity = 'warn') as warnings,
        count(*) filter (where not e.is_met and e.severity = 'warn' and e.changes_figures)
            as warnings_that_change_figures,
        count(*) filter (where not e.is_met and e.severity = 'fail') as failures
    from quality.expectation_result as e
    where e.report_id = report.report_id
) as checked
cross join lateral (
    select
        cast(coalesce(sum(f.rows_read), 0) as bigint) as rows_read,
        cast(coalesce(sum(f.rows_quarantined), 0) as bigint) as quarantined_rows
    from report.report_file as r
    inner join core.file as f on r.file_id = f.file_id
    where r.report_id = report.report_id
) as loaded
order by report.created_at desc, report.report_id desc
