-- Which of some ids no loaded file names, by position from 0. Nothing is loaded yet: none.
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

select asked.position - 1 as position
from
    unnest(cast(:store_ids as text[]), cast(:store_keys as bigint[]))
    with ordinality as asked (store_id, store_key, position)
left join known on asked.store_key = known.store_key and asked.store_id = known.store_id
where known.store_key is null and exists (select from any_store)
order by asked.position
limit 20
