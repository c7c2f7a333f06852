-- name: stores
-- The next stores to settle, with what is carried from before; by key.
--
-- reads   history.new_store, history.new_carry
-- yields  one row for each store, of one length up to its files and its clock, which are texts; instants and dates that
--         are not there are -infinity, figures 0; outage_ended_by as in history/timeline.py, -1 if nothing ended it
-- binds   after_key, stores (how many at most), shard, shards
copy (
    select
        store.store_key,
        store.first_polled_at,
        store.from_at,
        coalesce(carry.last_open_at, '-infinity') as last_open_at,
        coalesce(carry.last_active_at, '-infinity') as last_active_at,
        coalesce(carry.outage_started_at, '-infinity') as outage_started_at,
        coalesce(carry.outage_started_after, '-infinity') as outage_started_after,
        coalesce(carry.outage_down_until, '-infinity') as outage_down_until,
        coalesce(carry.outage_ended_at, '-infinity') as outage_ended_at,
        coalesce(carry.outage_ended_before, '-infinity') as outage_ended_before,
        coalesce(store.first_date, '-infinity') as first_date,
        store.last_date,
        store.from_date,
        coalesce(carry.stretch_on, '-infinity') as stretch_on,
        coalesce(carry.outage_started_on, '-infinity') as outage_started_on,
        coalesce(carry.outage_down_on, '-infinity') as outage_down_on,
        coalesce(carry.outage_ended_on, '-infinity') as outage_ended_on,
        cast(coalesce(carry.stretch_starts_planned, false) as integer) as stretch_starts_planned,
        coalesce(carry.stretch_open_us, 0) as stretch_open_us,
        coalesce(carry.stretch_late_us, 0) as stretch_late_us,
        coalesce(carry.stretch_early_us, 0) as stretch_early_us,
        coalesce(carry.outage_downtime_us, 0) as outage_downtime_us,
        case carry.outage_ended_by when 'unknown' then 0 when 'up' then 1 else -1 end as outage_ended_by,
        array_to_string(store.hours_file_ids, ',') as hours_file_ids,
        store.clock
    from history.new_store as store
    left join history.new_carry as carry on store.store_key = carry.store_key
    where
        store.store_key > %(after_key)s
        and store.from_date is not null
        and (%(shards)s = 1 or mod(mod(store.store_key, %(shards)s) + %(shards)s, %(shards)s) = %(shard)s)
    order by store.store_key
    limit %(stores)s
) to stdout (format "binary");

-- name: pieces
-- The dates of clocks, in each segment, once for each date on which an opening may have started that reaches into it.
--
-- reads   history.clock_piece
-- yields  one row for each; instants in microseconds since 1970, by clock, date and instant
-- binds   clocks, from_date, until_at
select
    clock,
    local_date,
    started_on,
    weekday,
    hours_file_id,
    cast(extract(epoch from midnight_at) * 1000000 as bigint) as midnight_us,
    cast(extract(epoch from lower(utc_range)) * 1000000 as bigint) as start_us,
    cast(extract(epoch from upper(utc_range)) * 1000000 as bigint) as end_us
from history.clock_piece
where clock = any(:clocks) and local_date >= :from_date and lower(utc_range) <= :until_at
order by clock, local_date, start_us, started_on;

-- name: dates
-- The dates of clocks, those without time too.
--
-- reads   history.clock_date
-- yields  one row for each; utc_range as a COPY in binary format has it, in hexadecimal
-- binds   clocks, from_date, as_of
select
    clock,
    local_date,
    timezone,
    cast(extract(epoch from ends_at) * 1000000 as bigint) as end_us,
    encode(multirange_send(utc_range), 'hex') as utc_range
from history.clock_date
where clock = any(:clocks) and local_date >= :from_date and starts_at <= :as_of
order by clock, local_date;

-- name: weekly
-- The weekly openings of stores in the hours files that hold.
--
-- reads   history.new_store, core.business_hours
-- yields  one row for each opening
-- binds   first_key, last_key, file_ids, shard, shards
copy (
    select
        weekly.file_id,
        weekly.store_key,
        cast(weekly.weekday as integer) as weekday,
        weekly.start_time_local,
        weekly.end_time_local
    from history.new_store as store
    inner join core.business_hours as weekly on store.store_key = weekly.store_key
    where
        store.store_key between %(first_key)s and %(last_key)s
        and weekly.file_id = any(cast(%(file_ids)s as integer[]))
        and (%(shards)s = 1 or mod(mod(store.store_key, %(shards)s) + %(shards)s, %(shards)s) = %(shard)s)
) to stdout (format "binary");

-- name: special
-- The special hours of stores; times in microseconds since midnight, null if the store is closed.
--
-- reads   history.new_special
-- yields  one row for each opening
-- binds   first_key, last_key, shard, shards
select
    store_key,
    local_date,
    cast(extract(epoch from start_time_local) * 1000000 as bigint) as start_us,
    cast(extract(epoch from end_time_local) * 1000000 as bigint) as end_us
from history.new_special
where
    store_key between :first_key and :last_key
    and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard);

-- name: planned
-- The planned downtime of stores within some time; in microseconds since 1970.
--
-- reads   history.new_planned
-- yields  one row for each span
-- binds   first_key, last_key, from_at, until_at, shard, shards
select
    planned.store_key,
    cast(extract(epoch from lower(part.span)) * 1000000 as bigint) as start_us,
    cast(extract(epoch from upper(part.span)) * 1000000 as bigint) as end_us
from history.new_planned as planned
cross join lateral unnest(
    planned.planned_time
    * tstzmultirange(tstzrange(cast(:from_at as timestamptz), cast(:until_at as timestamptz)))
) as part (span)
where
    planned.store_key between :first_key and :last_key
    and (:shards = 1 or (planned.store_key % :shards + :shards) % :shards = :shard);
