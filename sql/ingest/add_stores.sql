-- The stores that were not known before.
--
-- reads   named_store
-- writes  core.store, one row per new store
--
-- In the order of the key, so that two transactions that add the same stores never wait in a circle.
insert into core.store (store_key, store_id)
select
    store_key,
    min(store_id)
from named_store
group by store_key
order by store_key
on conflict (store_key) do nothing
