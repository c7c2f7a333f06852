-- name: list_groups
-- The groups of stores with days, zones too, by kind and name in byte order.
--
-- reads   history.store_group
-- yields  one row for each group, with the number of its stores
select
    kind,
    name,
    count(*) as stores
from history.store_group
where kind not in ('store', 'all')
group by kind, name
order by kind collate "C", name collate "C";

-- name: find_members
-- The stores with days of some groups of a kind.
--
-- reads   history.store_group
-- yields  one row for each store
-- binds   kind, names
select distinct store_key
from history.store_group
where kind = :kind and name = any(cast(:names as text[]));

-- name: list_members
-- The scopes of stores: their groups of a kind.
--
-- reads   history.store_group
-- yields  one row for each store and scope, by scope in byte order
-- binds   by (the kind), store_keys (null: all; else theirs)
select
    name,
    store_key
from history.store_group
where
    kind = :by
    and (cast(:store_keys as bigint[]) is null or store_key = any(:store_keys))
order by name collate "C", store_key;

-- name: list_months
-- The months in which stores have days, and from which date up to which one.
--
-- reads   history.store_month
-- yields  one row for each month, in order
-- binds   from_date, until_date (dates of the first and the last month), store_keys (null: all; else theirs)
select
    month,
    min(first_date) as first_date,
    max(last_date) as last_date
from history.store_month
where
    month > cast(:from_date as date) - 31
    and month <= :until_date
    and (cast(:store_keys as bigint[]) is null or store_key = any(:store_keys))
group by month
order by month;

-- name: page_of_stores
-- The next stores that have a day within dates, by id in byte order.
--
-- reads   history.store_group, history.day
-- yields  one row for each store
-- binds   from_date, until_date, kind, name (of the stores to look at), from_store_id (null: from the first on), stores
select scope.store_key
from history.store_group as scope
inner join history.store_group as chosen
    on scope.store_key = chosen.store_key and chosen.kind = :kind and chosen.name = :name
where
    scope.kind = 'store'
    and (cast(:from_store_id as text) is null or scope.name collate "C" >= :from_store_id)
    and exists (
        select
        from history.day
        where day.store_key = scope.store_key and day.local_date between :from_date and :until_date
    )
order by scope.name collate "C"
limit :stores;

-- name: list_clocks
-- The clocks of the stores that have days.
--
-- reads   history.store
-- yields  one row for each clock
select distinct clock
from history.store
order by clock;

-- name: last_dates
-- Up to which date the days of stores reach that still run.
--
-- reads   history.day
-- yields  one row; null without days
select max(local_date) as last_date
from history.day
where not is_final;

-- name: target_changes
-- The dates between two others on which the target of some store changes.
--
-- reads   history.store_target
-- yields  one date a row
-- binds   from_date, until_date
select distinct change.valid_from
from history.store_target
cross join lateral unnest(store_target.valid_from) as change (valid_from)
where change.valid_from > :from_date and change.valid_from <= :until_date
order by change.valid_from;
