-- Stores are known from the first accepted status file on that names them.
--
-- reads   core.polled_store, core.acceptance
-- writes  core.store.polled_from
-- binds   file_ids
with first_naming as (
    select
        polled_store.store_key,
        min(acceptance.accepted_order) as accepted_order
    from core.polled_store
    inner join core.acceptance using (file_id)
    where polled_store.file_id = any(:file_ids)
    group by polled_store.store_key
)

update core.store
set polled_from = first_naming.accepted_order
from first_naming
where store.store_key = first_naming.store_key and store.polled_from is null
