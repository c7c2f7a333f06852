-- The newest poll that reports may use; null without any.
--
-- reads   core.file
select max(last_polled_at)
from core.file
where kind = 'store_status' and state = 'accepted'
