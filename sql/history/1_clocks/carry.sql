-- How things stand where each store's settlement begins: the opening time and the outage that may go on.
--
-- reads   history.new_store, history.day, history.outage_day, history.outage
-- writes  history.new_carry, one row for each store of the shard that has earlier days
-- binds   shard, shards
--
-- What an outage had before is its whole downtime less that of the dates to come: an outage may be long. Most outages
-- ended before from_date: of those nothing is looked for but the outage.
insert into history.new_carry (
    store_key, last_open_at, last_active_at, stretch_on, stretch_starts_planned, stretch_open_us, stretch_late_us,
    stretch_early_us, outage_started_at, outage_started_on, outage_started_after, outage_down_until, outage_down_on,
    outage_downtime_us, outage_ended_at, outage_ended_on, outage_ended_by, outage_ended_before
)
select
    store.store_key,
    before.last_open_at,
    before.last_active_at,
    before.stretch_on,
    before.stretch_starts_planned,
    before.stretch_open_us,
    before.stretch_late_us,
    before.stretch_early_us,
    outage.started_at,
    outage.started_on,
    outage.started_after,
    down.down_until,
    down.local_date as down_on,
    outage.downtime_us - coalesce(settled_again.downtime_us, 0),
    outage.ended_at,
    case when outage.ended_at = down.down_until then outage.ended_on else end_day.local_date end,
    case when outage.ended_at = down.down_until then outage.ended_by else 'unknown' end,
    case when outage.ended_before < store.from_at then outage.ended_before end
from history.new_store as store
inner join lateral (
    select distinct on (day.store_key) day.*
    from history.day
    where
        day.store_key = store.store_key
        and day.local_date < store.from_date
        and (store.first_date is null or day.local_date >= store.first_date)
    order by day.store_key asc, day.local_date desc
) as before on store.store_key = before.store_key
left join lateral (
    select distinct on (outage_day.store_key) outage_day.*
    from history.outage_day
    where
        outage_day.store_key = store.store_key
        and outage_day.local_date < store.from_date
        and (store.first_date is null or outage_day.local_date >= store.first_date)
    order by outage_day.store_key asc, outage_day.local_date desc, outage_day.started_at desc
) as down on store.store_key = down.store_key
left join history.outage on down.store_key = outage.store_key and down.started_at = outage.started_at
left join history.day as end_day
    on
        down.store_key = end_day.store_key
        and end_day.local_date >= case when outage.ended_at <> down.down_until then down.local_date - 2 end
        and end_day.local_date <= down.local_date + 3
        and end_day.utc_range @> down.down_until
left join lateral (
    select
        outage_day.store_key,
        sum(outage_day.downtime_us) as downtime_us
    from history.outage_day
    where
        outage_day.store_key = store.store_key
        and outage_day.local_date >= store.from_date
        and outage_day.started_at = down.started_at
        and outage.ended_at <> down.down_until
    group by outage_day.store_key
) as settled_again on store.store_key = settled_again.store_key
where :shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard
