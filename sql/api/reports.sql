-- What a list shows of some reports, with their number of warnings.
--
-- reads   report.report, quality.expectation_result
-- binds   report_ids
select
    r.report_id,
    r.dag_run_id,
    r.created_at,
    r.as_of,
    r.store_count,
    r.published_at,
    r.failed_task,
    r.failure_cause,
    r.failed_at,
    q.warnings,
    q.warnings_that_change_figures
from report.report as r
left join lateral (
    select
        count(*) filter (where not e.is_met and e.severity = 'warn') as warnings,
        count(*) filter (where not e.is_met and e.severity = 'warn' and e.changes_figures)
            as warnings_that_change_figures
    from quality.expectation_result as e
    where e.report_id = r.report_id
    having count(*) > 0
) as q on true
where r.report_id = any(cast(:report_ids as uuid[]))
