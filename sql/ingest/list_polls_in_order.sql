-- Files by the time of their polls.
--
-- reads   core.file
-- binds   file_ids
select file_id
from core.file
where file_id = any(:file_ids) and first_polled_at is not null
order by first_polled_at
