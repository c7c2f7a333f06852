-- The newest published report on all stores as of the newest poll, as nightly reports are. Reports as of another
-- instant, on some stores, or with max_gap or no_data are left out: they do not show the current state.
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
