-- name: last_store
-- The last store of a page of outages of all stores, sorted by store id from the first on, or one after it: the store
-- of the outage that is a page and one more on, among those that start within the dates.
--
-- reads   history.outage, core.store
-- yields  one row; none if there are fewer outages
-- binds   from_date, until_date, after_store_id and after_started_at (null: from the first on), rows (of a page)
select store.store_id
from core.store
inner join history.outage on store.store_key = outage.store_key
where
    outage.started_on between :from_date and :until_date
    and (
        cast(:after_store_id as text) is null
        or (
            store.store_id collate "C" >= :after_store_id
            and (store.store_id <> :after_store_id or outage.started_at > :after_started_at)
        )
    )
order by store.store_id collate "C"
limit 1 offset :rows;

-- name: stores
-- The stores from one id up to another, in byte order.
--
-- reads   core.store
-- yields  one row for each store
-- binds   first_store_id (null: from the first on), last_store_id
select store_key
from core.store
where
    (cast(:first_store_id as text) is null or store_id collate "C" >= :first_store_id)
    and store_id collate "C" <= :last_store_id;
