-- Validations, newest first: the reports whose input was checked.
--
-- reads   report.report, quality.expectation_result
-- yields  one row per report
-- binds   created_from, created_to (null: no bound), at_most
select
    report.report_id,
    report.dag_run_id,
    report.created_at,
    validation.checked_at,
    validation.expectations,
    validation.warnings,
    validation.failures
from report.report
cross join lateral (
    select
        max(checked_at) as checked_at,
        count(*) as expectations,
        count(*) filter (where not is_met and severity = 'warn') as warnings,
        count(*) filter (where not is_met and severity = 'fail') as failures
    from quality.expectation_result
    where expectation_result.report_id = report.report_id
) as validation
where
    validation.checked_at is not null
    and report.created_at >= coalesce(cast(:created_from as timestamptz), '-infinity')
    and report.created_at < coalesce(cast(:created_to as timestamptz), 'infinity')
order by report.created_at desc, report.report_id desc
limit :at_most
