-- The published report that a report is compared with: the same parameters, and the latest earlier as-of.
--
-- reads   report.report
-- binds   report_id
select
    b.report_id,
    b.as_of,
    b.created_at
from report.report as r
inner join report.report as b
    on
        r.no_data = b.no_data
        and r.max_gap is not distinct from b.max_gap
        and r.store_ids is not distinct from b.store_ids
        and r.as_of > b.as_of
where r.report_id = :report_id and b.published_at is not null
order by b.as_of desc, b.created_at desc
limit 1
