-- name: first_date
-- The first date that is settled of any store.
--
-- reads   history.day
-- yields  one row; null without days
select min(local_date) as first_date
from history.day;

-- name: newest_poll
-- When any store was polled last, of the polls that are settled.
--
-- reads   history.newest_settlement, history.store_now
-- yields  one row; null without polls
select max(store_now.last_poll_at) as last_poll_at
from history.newest_settlement
inner join history.store_now on newest_settlement.settlement_id = store_now.settlement_id;

-- name: has_targets
-- Whether any store comes under a target.
--
-- reads   history.store_target
-- yields  one row
select count(*) > 0 as has_targets
from (
    select store_key
    from history.store_target
    limit 1
) as found;

-- name: time
-- The time of all stores within dates, on their own calendars.
--
-- reads   history.day
-- yields  one row; sums are null without days
-- binds   from_date, until_date
select
    count(distinct store_key) as stores,
    sum(open_us) as open_us,
    sum(planned_us) as planned_us,
    sum(up_us) as up_us,
    sum(down_us) as down_us,
    sum(unknown_us) as unknown_us
from history.day
where local_date between :from_date and :until_date;

-- name: groups
-- The time of groups within dates, zones too: that of their stores on their own calendars.
--
-- reads   history.day, history.store_group
-- yields  one row for each group that has a store with a day on one of them, by kind, then most downtime first
-- binds   from_date, until_date
with store_sum as (
    select
        store_key,
        sum(open_us) as open_us,
        sum(up_us) as up_us,
        sum(down_us) as down_us
    from history.day
    where local_date between :from_date and :until_date
    group by store_key
)

select
    store_group.kind,
    store_group.name,
    count(*) as stores,
    sum(store_sum.open_us) as open_us,
    sum(store_sum.up_us) as up_us,
    sum(store_sum.down_us) as down_us
from store_sum
inner join history.store_group on store_sum.store_key = store_group.store_key
where store_group.kind not in ('store', 'all')
group by store_group.kind, store_group.name
order by store_group.kind collate "C" asc, sum(store_sum.down_us) desc, store_group.name collate "C" asc;
