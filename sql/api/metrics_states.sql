-- How many reports were requested since an instant, by state.
--
-- reads   report.report (by its index on created_at)
-- binds   since
select
    count(*) filter (where published_at is not null) as published,
    count(*) filter (where published_at is null and failed_at is not null) as failed,
    count(*) filter (where published_at is null and failed_at is null) as unfinished
from report.report
where created_at >= :since
