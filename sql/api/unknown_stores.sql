-- Positions, from 0, of the ids that no loaded file names. None as long as nothing is loaded.
--
-- reads   core.store
-- binds   store_ids, store_keys (of the same stores, in the same order)
with known as materialized (
    select
        store_key,
        store_id
    from core.store
    where store_key = any(cast(:store_keys as bigint[]))
),

any_store as materialized (
    select store_key
    from core.store
    limit 1
)

select requested.position - 1 as position
from
    unnest(cast(:store_ids as text[]), cast(:store_keys as bigint[]))
    with ordinality as requested (store_id, store_key, position)
left join known on requested.store_key = known.store_key and requested.store_id = known.store_id
where known.store_key is null and exists (select from any_store)
order by requested.position
limit 20
