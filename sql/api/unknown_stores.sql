-- Which of some ids no loaded file names, by position from 0. Nothing is loaded yet: none.
--
-- reads   core.store
-- binds   store_ids, store_keys (of the same stores, in the same order)
select asked.position - 1 as position
from
    unnest(cast(:store_ids as text[]), cast(:store_keys as bigint[]))
    with ordinality as asked (store_id, store_key, position)
left join core.store as s on asked.store_key = s.store_key and asked.store_id = s.store_id
where s.store_key is null and exists (select from core.store)
order by asked.position
limit 20
