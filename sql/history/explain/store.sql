-- A store as the newest settlement has it, with the first and last of its days. No row: no such store.
--
-- reads   history.newest_settlement, history.store_now, history.store, history.day
-- yields  one row at most
-- binds   store_id
select
    store_now.store_key,
    store_now.clock,
    store_now.newest_timezone,
    store_now.hours_file_ids,
    settled.first_polled_at,
    dated.first_date,
    dated.last_date
from history.newest_settlement
inner join history.store_now on newest_settlement.settlement_id = store_now.settlement_id
left join history.store as settled on store_now.store_key = settled.store_key
left join lateral (
    select
        day.store_key,
        min(day.local_date) as first_date,
        max(day.local_date) as last_date
    from history.day
    where day.store_key = store_now.store_key
    group by day.store_key
) as dated on store_now.store_key = dated.store_key
where store_now.store_id = :store_id
