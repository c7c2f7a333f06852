-- The newest published report that looks back from the newest polls, at all stores, as nights do. One that was asked
-- for another instant, for some stores or for another reading of gaps tells nothing of how things are.
--
-- reads   report.report (from the newest on, by its index on created_at)
select
    report_id,
    created_at,
    as_of,
    published_at,
    store_count
from report.report
where
    published_at is not null
    and as_of_requested is null
    and store_ids is null
    and max_gap is null
    and no_data = 'unknown'
order by created_at desc, report_id desc
limit 1
