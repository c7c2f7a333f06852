-- Expectations of severity `warn` that a run did not meet, but the one published before it did: what has been wrong
-- for days is told once. Reports that look back from another instant, or at some stores, neither tell nor are compared
-- with.
--
-- reads   report.report (from the run back, by its index on created_at), quality.expectation_result
-- binds   report_id
with run as (
    select created_at
    from report.report
    where report_id = :report_id and as_of_requested is null and store_ids is null
),

run_before as (
    select r.report_id
    from report.report as r
    where
        r.created_at < (select created_at from run)
        and r.published_at is not null
        and r.as_of_requested is null
        and r.store_ids is null
        and exists (select from quality.expectation_result as e where e.report_id = r.report_id)
    order by r.created_at desc, r.report_id desc
    limit 1
)

select distinct
    e.expectation,
    e.description,
    e.observed_value
from quality.expectation_result as e
where
    e.report_id = :report_id
    and exists (select from run)
    and e.severity = 'warn'
    and not e.is_met
    and not exists (
        select
        from quality.expectation_result as b
        where
            b.report_id = (select report_id from run_before)
            and b.expectation = e.expectation
            and not b.is_met
    )
order by e.expectation
