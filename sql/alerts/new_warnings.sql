-- Expectations of severity `warn` that a report did not meet, but the one published before it did: what has been wrong
-- for days is reported once. Reports of another instant, or of some stores only, report nothing and are compared with
-- nothing.
--
-- reads   report.report (from the report back, by its index on created_at), quality.expectation_result
-- yields  one row per expectation; those that change figures come first
-- binds   report_id
with this_report as (
    select created_at
    from report.report
    where report_id = :report_id and as_of_requested is null and store_ids is null
),

report_before as (
    select r.report_id
    from report.report as r
    where
        r.created_at < (select created_at from this_report)
        and r.published_at is not null
        and r.as_of_requested is null
        and r.store_ids is null
        and exists (select from quality.expectation_result as e where e.report_id = r.report_id)
    order by r.created_at desc, r.report_id desc
    limit 1
)

select
    e.expectation,
    e.changes_figures,
    e.description,
    e.observed_value,
    e.examples
from quality.expectation_result as e
where
    e.report_id = :report_id
    and exists (select from this_report)
    and e.severity = 'warn'
    and not e.is_met
    and not exists (
        select
        from quality.expectation_result as b
        where
            b.report_id = (select report_id from report_before)
            and b.expectation = e.expectation
            and not b.is_met
    )
order by e.changes_figures desc, e.expectation asc
