-- The zones of a report's stores and how many stores each has, the most first.
--
-- reads   report.store
-- binds   report_id
select
    timezone,
    count(*) as stores
from report.store
where report_id = :report_id
group by timezone
order by stores desc, timezone collate "C" asc
