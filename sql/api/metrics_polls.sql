-- The newest usable poll. Files are accepted in the order of their days, except for a few late ones, so the last
-- hundred are enough.
--
-- reads   core.acceptance (from its end), core.file
with accepted as (
    select file_id
    from core.acceptance
    order by accepted_order desc
    limit 100
)

select max(f.last_polled_at) as last_polled_at
from accepted
inner join core.file as f on accepted.file_id = f.file_id
