-- name: outages
-- Outages of a scope that are ongoing or ended lately, with the number of inactive polls in each.
--
-- reads   history.store_group, history.store, history.outage, core.poll_day, core.store
-- yields  one row for each outage
-- binds   kind, name (the scope), from_at
select
    store.store_id,
    outage.started_at,
    outage.ended_at,
    outage.downtime_us,
    outage.ended_by,
    outage.ended_before,
    count(distinct polled.at) filter (where not polled.is_active) as inactive_polls
from history.store_group
inner join history.outage on store_group.store_key = outage.store_key
inner join core.store on outage.store_key = store.store_key
left join core.poll_day
    on
        outage.store_key = poll_day.store_key
        and poll_day.first_polled_at <= outage.ended_at
        and poll_day.last_polled_at >= outage.started_at
left join lateral unnest(poll_day.instants, poll_day.statuses) as polled (at, is_active)
    on polled.at between outage.started_at and outage.ended_at
where
    store_group.kind = :kind
    and store_group.name = :name
    and (outage.ended_by is null or outage.ended_at >= :from_at)
group by
    store.store_id, outage.store_key, outage.started_at, outage.ended_at, outage.downtime_us, outage.ended_by,
    outage.ended_before
order by store.store_id collate "C", outage.started_at;

-- name: late_openings
-- Dates of a scope's stores that are not over, on which they opened late by more than a grace.
--
-- reads   history.store_group, history.day, core.store
-- yields  one row for each store and date
-- binds   kind, name (the scope), grace_us
select
    store.store_id,
    day.local_date,
    day.opened_late_us
from history.store_group
inner join history.day on store_group.store_key = day.store_key
inner join core.store on day.store_key = store.store_key
where
    store_group.kind = :kind
    and store_group.name = :name
    and not day.is_final
    and day.opened_late_us >= :grace_us
order by store.store_id collate "C", day.local_date;
