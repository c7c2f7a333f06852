-- Two ids with one key, which 64 bits make all but impossible; nothing may be loaded then.
--
-- reads   named_store, core.store
select
    named_store.store_id as one,
    store.store_id as other
from named_store
inner join core.store using (store_key)
where named_store.store_id <> store.store_id
limit 1
