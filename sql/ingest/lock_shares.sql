-- Waits until nobody loads a share of a file, and keeps others from it until the transaction ends.
--
-- reads   core.file_share
-- yields  one row per share, with the time of its polls
-- binds   file_id
select
    share,
    first_polled_at,
    last_polled_at
from core.file_share
where file_id = :file_id
order by share
for update
