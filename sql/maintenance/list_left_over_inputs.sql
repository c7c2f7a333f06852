-- Files of which some shares were loaded, and then no more: their run failed, and the content did not come again.
--
-- reads   core.file
-- yields  one row per file
-- binds   before
select
    file_id,
    kind,
    name
from core.file
where state = 'loading' and loaded_at < :before
order by file_id
