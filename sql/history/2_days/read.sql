-- name: stores
-- The next stores to settle, with what is carried from before; by key.
--
-- reads   history.new_store, history.new_carry
-- yields  one row for each store
-- binds   after_key, stores (how many at most), shard, shards
select
    store.store_key,
    store.clock,
    store.hours_file_ids,
    store.first_polled_at,
    store.first_date,
    store.last_date,
    store.from_date,
    store.from_at,
    carry.last_open_at,
    carry.last_active_at,
    carry.stretch_on,
    carry.stretch_starts_planned,
    carry.stretch_open_us,
    carry.stretch_late_us,
    carry.stretch_early_us,
    carry.outage_started_at,
    carry.outage_started_on,
    carry.outage_started_after,
    carry.outage_down_until,
    carry.outage_down_on,
    carry.outage_downtime_us,
    carry.outage_ended_at,
    carry.outage_ended_on,
    carry.outage_ended_by,
    carry.outage_ended_before
from history.new_store as store
left join history.new_carry as carry on store.store_key = carry.store_key
where
    store.store_key > :after_key
    and store.from_date is not null
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
order by store.store_key
limit :stores;

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
-- The weekly openings of stores in the hours files that hold; times in microseconds since midnight.
--
-- reads   history.new_store, core.business_hours
-- yields  one row for each opening
-- binds   first_key, last_key, file_ids, shard, shards
select
    weekly.file_id,
    weekly.store_key,
    weekly.weekday,
    cast(extract(epoch from weekly.start_time_local) * 1000000 as bigint) as start_us,
    cast(extract(epoch from weekly.end_time_local) * 1000000 as bigint) as end_us
from history.new_store as store
inner join core.business_hours as weekly on store.store_key = weekly.store_key
where
    store.store_key between :first_key and :last_key
    and weekly.file_id = any(:file_ids)
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard);

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
