-- What an alert reports of a DAG run, and whether the night before it failed.
--
-- reads   report.report (the night before: by its index on created_at)
-- binds   report_id
select
    r.created_at,
    r.as_of,
    r.published_at,
    r.failed_task,
    r.failure_cause,
    r.as_of_limit is not null
    and (
        select b.published_at is null and b.failed_at is not null
        from report.report as b
        where b.as_of_limit < r.as_of_limit and b.created_at < r.created_at
        order by b.created_at desc
        limit 1
    ) as has_recovered
from report.report as r
where r.report_id = :report_id
