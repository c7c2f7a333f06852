-- Whether a night's report is out. A run starts at its night or later.
--
-- reads   report.report (by its index on created_at)
-- binds   night
select count(*) > 0 as is_published
from report.report
where created_at >= :night and as_of_limit >= :night and published_at is not null
