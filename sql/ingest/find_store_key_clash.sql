-- Two ids with one key, which 64 bits make all but impossible; nothing may be loaded then.
--
-- reads   named_store, core.store
with named as materialized (
    select
        store_key,
        store_id
    from named_store
    group by store_key, store_id
)

select
    named.store_id as one,
    store.store_id as other
from core.store
inner join named on store.store_key = named.store_key
where named.store_id <> store.store_id
limit 1
