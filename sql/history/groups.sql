-- name: list_members
-- The stores with days, by the groups of a kind that they are in.
--
-- reads   history.store_group
-- yields  one row for each store and group
-- binds   kind
select
    store.name as store_id,
    store_group.name
from history.store_group
inner join history.store_group as store on store_group.store_key = store.store_key and store.kind = 'store'
where store_group.kind = :kind;

-- name: by_date
-- The time of the groups of a kind by date, on each store's own calendar; by group, then date.
--
-- reads   history.day, history.store_group
-- yields  one row for each group and date
-- binds   kind, from_date, until_date
select
    store_group.name,
    day.local_date,
    sum(day.open_us) as open_us,
    sum(day.up_us) as up_us,
    sum(day.down_us) as down_us
from history.day
inner join history.store_group on day.store_key = store_group.store_key
where
    store_group.kind = :kind
    and day.local_date between :from_date and :until_date
group by store_group.name, day.local_date
order by store_group.name collate "C", day.local_date;
