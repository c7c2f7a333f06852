-- name: delete_others
-- Rows of settlements that are not, or no longer, what readers see.
--
-- reads   history.settlement
-- writes  history.store_now
delete from history.store_now
where
    settlement_id is distinct from (
        select max(settlement.settlement_id)
        from history.settlement
        where settlement.published_at is not null
    );

-- name: delete
-- What an earlier try of the task has written.
--
-- writes  history.store_now
-- binds   settlement_id, shard, shards
delete from history.store_now
where settlement_id = :settlement_id and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard);

-- name: add
-- The stores of a report, each with its clock, its status at as_of by its last polls, and what is known of openings.
--
-- reads   core.store, core.snapshot_store, core.snapshot, core.store_timezone, core.business_hours,
--         history.file_period, history.new_store, history.new_status, history.new_opening, history.store_now,
--         history.settlement
-- writes  history.store_now, one row for each store of the shard
-- binds   settlement_id, follows_id, as_of, accepted_order, max_gap, default_timezone, shard, shards
--
-- A store belongs here if accepted polls name it, or the newest hours or zones file does, as in
-- report/1_localize/localize.sql. Clocks and hours of stores that were never polled, which 1_clocks/stores.sql does not
-- look at, are found as there.
--
-- A status has held since the first poll of the last run of equal ones (new_status). Runs are known from a day before
-- from_at on. The first one may have begun earlier: when, the settlement before says, as nothing before from_at has
-- changed, if the status of then already held at from_at. Else it is left to find_since. Without a settlement before,
-- the join is one with 0, which none has: of one with null PostgreSQL leaves nothing, and then Citus no longer sees by
-- what rows are joined.
insert into history.store_now (
    settlement_id, store_key, store_id, clock, newest_timezone, hours_file_ids, status, since, last_poll_at, is_open,
    next_change_at
)
select
    :settlement_id,
    store.store_key,
    store.store_id,
    coalesce(settled.clock, zoned.clock),
    coalesce(settled.newest_timezone, zoned.newest_timezone),
    coalesce(settled.hours_file_ids, hours.file_ids, '{}'),
    case
        when run.store_key is null or run.last_polled_at + cast(:max_gap as interval) <= :as_of then 'unknown'
        when run.is_active then 'up'
        else 'down'
    end,
    case
        when run.last_polled_at + cast(:max_gap as interval) <= :as_of
            then run.last_polled_at + cast(:max_gap as interval)
        when run.first_polled_at > run.known_from or run.first_polled_at = settled.first_polled_at
            then run.first_polled_at
        when
            earlier.since < settled.from_at
            and (earlier.status = 'up' and run.is_active or earlier.status = 'down' and not run.is_active)
            and coalesce(earlier_settlement.max_gap, interval '0') = coalesce(cast(:max_gap as interval), interval '0')
            then earlier.since
    end,
    run.last_polled_at,
    coalesce(opening.is_open, false),
    opening.next_change_at
from core.store
left join history.new_store as settled on store.store_key = settled.store_key
left join (
    select
        named.store_key,
        min(named.file_id) as file_id
    from core.snapshot_store as named
    inner join (
        select distinct on (snapshot.kind) snapshot.file_id
        from core.snapshot
        where
            snapshot.kind in ('business_hours', 'store_timezones')
            and snapshot.accepted_order <= :accepted_order
        order by snapshot.kind asc, snapshot.accepted_order desc
    ) as newest on named.file_id = newest.file_id
    group by named.store_key
) as in_snapshot on store.store_key = in_snapshot.store_key
left join (
    select
        zone.store_key,
        string_agg(
            case when isfinite(zone.valid_from) then zone.valid_from || ' ' else '' end || zone.timezone,
            ', ' order by zone.valid_from
        ) filter (where zone.timezone is distinct from zone.timezone_before) as clock,
        (array_agg(zone.timezone order by zone.valid_from desc))[1] as newest_timezone
    from (
        select
            zoned_store.store_key,
            file_period.valid_from,
            coalesce(store_timezone.timezone, :default_timezone) as timezone,
            lag(coalesce(store_timezone.timezone, :default_timezone)) over (
                partition by zoned_store.store_key
                order by file_period.valid_from
            ) as timezone_before
        from core.store as zoned_store
        left join history.new_store as polled on zoned_store.store_key = polled.store_key
        inner join history.file_period
            on file_period.kind = 'store_timezones' and file_period.accepted_order = :accepted_order
        left join core.store_timezone
            on file_period.file_id = store_timezone.file_id and zoned_store.store_key = store_timezone.store_key
        where polled.store_key is null
    ) as zone
    group by zone.store_key
) as zoned on store.store_key = zoned.store_key
left join (
    select
        with_hours.store_key,
        array_agg(with_hours.file_id) as file_ids
    from (
        select
            snapshot_store.store_key,
            snapshot_store.file_id
        from core.snapshot_store
        inner join history.file_period
            on
                file_period.kind = 'business_hours'
                and file_period.accepted_order = :accepted_order
                and snapshot_store.file_id = file_period.file_id
        left join history.new_store as polled on snapshot_store.store_key = polled.store_key
        left join core.business_hours
            on
                snapshot_store.file_id = business_hours.file_id
                and snapshot_store.store_key = business_hours.store_key
        where
            polled.store_key is null
            and (business_hours.store_key is not null or snapshot_store.has_closed_rows)
        group by snapshot_store.store_key, snapshot_store.file_id
    ) as with_hours
    group by with_hours.store_key
) as hours on store.store_key = hours.store_key
left join (
    select distinct on (status.store_key)
        status.store_key,
        status.first_polled_at,
        status.last_polled_at,
        status.is_active,
        min(status.first_polled_at) over (partition by status.store_key) as known_from
    from history.new_status as status
    order by status.store_key asc, status.first_polled_at desc
) as run on store.store_key = run.store_key
left join history.new_opening as opening on store.store_key = opening.store_key
left join history.store_now as earlier
    on store.store_key = earlier.store_key and earlier.settlement_id = coalesce(cast(:follows_id as integer), 0)
left join history.settlement as earlier_settlement on earlier.settlement_id = earlier_settlement.settlement_id
where
    (store.polled_from <= :accepted_order or in_snapshot.store_key is not null)
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard);

-- name: find_since
-- Since when a status has held of which that is not known yet: all polls of the few such stores are looked at.
--
-- reads   history.store_now, core.poll_day
-- writes  history.store_now.since
-- binds   settlement_id, as_of, max_gap, later_file_ids (their polls do not exist), shard, shards
update history.store_now
set since = found.since
from (
    select
        standing.store_key,
        max(standing.polled_at) as since
    from (
        select
            poll.store_key,
            poll.polled_at,
            coalesce(poll.is_active <> lag(poll.is_active) over in_time, true)
            or coalesce(
                poll.polled_at - lag(poll.polled_at) over in_time > cast(:max_gap as interval), false
            ) as is_start
        from (
            select distinct on (day.store_key, instant.polled_at)
                day.store_key,
                instant.polled_at,
                instant.is_active
            from history.store_now as searched
            inner join core.poll_day as day on searched.store_key = day.store_key
            cross join lateral unnest(day.instants, day.statuses, day.file_ids)
            with ordinality as instant (polled_at, is_active, file_id, position)
            where
                searched.settlement_id = :settlement_id
                and searched.since is null
                and searched.last_poll_at is not null
                and (:shards = 1 or (searched.store_key % :shards + :shards) % :shards = :shard)
                and instant.polled_at <= :as_of
                and coalesce(instant.file_id, day.file_id) <> all(:later_file_ids)
            order by
                day.store_key asc,
                instant.polled_at asc,
                coalesce(instant.file_id, day.file_id) desc,
                day.row_no desc,
                instant.position desc
        ) as poll
        window in_time as (partition by poll.store_key order by poll.polled_at)
    ) as standing
    where standing.is_start
    group by standing.store_key
) as found
where
    store_now.settlement_id = :settlement_id
    and store_now.store_key = found.store_key
    and store_now.since is null;

-- name: list_clocks
-- The clocks of a shard's stores.
--
-- reads   history.store_now
-- yields  one row for each clock
-- binds   settlement_id, shard, shards
select distinct clock
from history.store_now
where settlement_id = :settlement_id and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard)
order by clock;

-- name: without_nested_loops
-- To the end of the transaction rows are joined by hashes: the stores were written a moment ago, and without statistics
-- PostgreSQL would read all dates again for each one. The loops that are left look expensive, and would be compiled.
select
    set_config('enable_nestloop', 'off', true) as enable_nestloop,
    set_config('jit', 'off', true) as jit;
