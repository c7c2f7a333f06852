-- The stores that have days: their clock, their hours, and their new polls.
--
-- reads   core.store, history.file_period, core.store_timezone, core.snapshot_store, core.business_hours,
--         core.poll_day, history.store, history.day
-- writes  history.new_store, one row for each store of the shard with a poll up to as_of
-- binds   as_of, accepted_order, default_timezone, new_file_ids, new_polls_from and new_polls_until (instants: of their
--         first and last poll), later_file_ids (accepted after accepted_order, or not at all), kept_from (an instant:
--         polls before are gone), keep_from (a date), shard, shards
--
-- A clock is written as its zone, and where that changes as `America/Chicago, 2023-03-01 America/Denver`: stores that
-- have it in common share its dates. Of merged polls the file of each one counts. Each part is told that only the
-- shard's stores count: PostgreSQL does not see it by itself. Of a store that was never settled the first day with a
-- poll is looked at, and no later one.
--
-- A store with days that stay as they are, as their polls are gone, keeps its clock up to there: zones that hold for
-- these dates, too, begin two dates after, where the last of those days is over in any zone. Days are looked for only
-- of stores that were polled so early.
insert into history.new_store (
    store_key, store_id, clock, newest_timezone, hours_file_ids, first_polled_at, new_polled_at, new_file_id,
    provisional_from
)
select
    store.store_key,
    store.store_id,
    zoned.clock,
    zoned.newest_timezone,
    coalesce(hours.file_ids, '{}'),
    least(settled.first_polled_at, new_poll.polled_at, first_poll.polled_at),
    new_poll.polled_at,
    new_poll.file_id,
    provisional.local_date
from core.store
inner join (
    select
        zone.store_key,
        string_agg(
            case when isfinite(zone.valid_from) then zone.valid_from || ' ' else '' end || zone.timezone,
            ', ' order by zone.valid_from
        ) filter (where zone.timezone is distinct from zone.timezone_before) as clock,
        (array_agg(zone.timezone order by zone.valid_from desc))[1] as newest_timezone
    from (
        select
            dated.store_key,
            part.valid_from,
            part.timezone,
            lag(part.timezone) over (partition by dated.store_key order by part.valid_from) as timezone_before
        from (
            select
                zoned_store.store_key,
                coalesce(frozen.zones_from, '{}')
                || array_agg(greatest(file_period.valid_from, frozen.until_date)) as zones_from,
                coalesce(frozen.timezones, '{}')
                || array_agg(coalesce(store_timezone.timezone, :default_timezone)) as timezones
            from core.store as zoned_store
            inner join history.file_period
                on file_period.kind = 'store_timezones' and file_period.accepted_order = :accepted_order
            left join core.store_timezone
                on file_period.file_id = store_timezone.file_id and zoned_store.store_key = store_timezone.store_key
            left join (
                select
                    settled_store.store_key,
                    horizon.kept_date + 2 as until_date,
                    array_agg(
                        case
                            when zone_part.number = 1 then '-infinity'
                            else cast(split_part(zone_part.part, ' ', 1) as date)
                        end order by zone_part.number
                    ) as zones_from,
                    array_agg(split_part(zone_part.part, ' ', -1) order by zone_part.number) as timezones
                from history.store as settled_store
                cross join (
                    -- Never null: Citus does not see by what rows are joined if PostgreSQL knows that there are none.
                    select
                        coalesce(cast(:kept_from as timestamptz), '-infinity') as kept_from,
                        coalesce(cast(:keep_from as date), '-infinity') as keep_from,
                        greatest(
                            coalesce(cast(cast(:kept_from as timestamptz) at time zone 'UTC' as date), '-infinity'),
                            coalesce(cast(:keep_from as date), '-infinity')
                        ) as kept_date
                ) as horizon
                cross join lateral unnest(string_to_array(settled_store.clock, ', '))
                with ordinality as zone_part (part, number)
                where
                    cast(settled_store.first_polled_at at time zone 'UTC' as date) <= horizon.kept_date + 2
                    and exists (
                        select
                        from history.day
                        where
                            day.store_key = settled_store.store_key
                            and day.local_date <= horizon.kept_date
                            and (day.local_date < horizon.keep_from or lower(day.utc_range) < horizon.kept_from)
                    )
                    and case
                        when zone_part.number = 1 then true
                        else cast(split_part(zone_part.part, ' ', 1) as date) < horizon.kept_date + 2
                    end
                group by settled_store.store_key, horizon.kept_date
            ) as frozen on zoned_store.store_key = frozen.store_key
            where
                (frozen.store_key is null or file_period.valid_until > frozen.until_date)
                and (:shards = 1 or (zoned_store.store_key % :shards + :shards) % :shards = :shard)
            group by zoned_store.store_key, frozen.zones_from, frozen.timezones
        ) as dated
        cross join lateral unnest(dated.zones_from, dated.timezones) as part (valid_from, timezone)
    ) as zone
    group by zone.store_key
) as zoned on store.store_key = zoned.store_key
left join (
    select
        snapshot_store.store_key,
        array_agg(snapshot_store.file_id order by snapshot_store.file_id) as file_ids
    from core.snapshot_store
    inner join history.file_period
        on
            file_period.kind = 'business_hours'
            and file_period.accepted_order = :accepted_order
            and snapshot_store.file_id = file_period.file_id
    left join (
        select
            business_hours.file_id,
            business_hours.store_key
        from core.business_hours
        where :shards = 1 or (business_hours.store_key % :shards + :shards) % :shards = :shard
        group by business_hours.file_id, business_hours.store_key
    ) as opening
        on snapshot_store.file_id = opening.file_id and snapshot_store.store_key = opening.store_key
    where
        (opening.store_key is not null or snapshot_store.has_closed_rows)
        and (:shards = 1 or (snapshot_store.store_key % :shards + :shards) % :shards = :shard)
    group by snapshot_store.store_key
) as hours on store.store_key = hours.store_key
left join history.store as settled on store.store_key = settled.store_key
left join (
    select
        day.store_key,
        min(day.local_date) as local_date
    from history.day
    where
        not day.is_final
        and (:shards = 1 or (day.store_key % :shards + :shards) % :shards = :shard)
    group by day.store_key
) as provisional on store.store_key = provisional.store_key
left join (
    select
        poll_day.store_key,
        min(poll.polled_at) as polled_at,
        (array_agg(poll.file_id order by poll.polled_at))[1] as file_id
    from core.poll_day
    cross join lateral unnest(
        case when poll_day.file_ids is null then array[poll_day.first_polled_at] else poll_day.instants end,
        coalesce(poll_day.file_ids, array[poll_day.file_id])
    ) as poll (polled_at, file_id)
    where
        poll_day.utc_day between cast(cast(:new_polls_from as timestamptz) at time zone 'UTC' as date)
        and cast(cast(:new_polls_until as timestamptz) at time zone 'UTC' as date)
        and case
            when poll_day.file_ids is null then poll_day.file_id = any(:new_file_ids)
            else poll_day.file_ids && cast(:new_file_ids as integer[])
        end
        and poll.file_id = any(:new_file_ids)
        and (:shards = 1 or (poll_day.store_key % :shards + :shards) % :shards = :shard)
    group by poll_day.store_key
) as new_poll on store.store_key = new_poll.store_key
left join lateral (
    select distinct on (poll_day.store_key)
        poll_day.store_key,
        poll.polled_at
    from core.poll_day
    cross join lateral unnest(
        case
            when poll_day.file_ids && cast(:later_file_ids as integer[]) then poll_day.instants
            else array[poll_day.first_polled_at]
        end,
        case
            when poll_day.file_ids && cast(:later_file_ids as integer[]) then poll_day.file_ids
            when poll_day.file_ids is null then array[poll_day.file_id]
            else array[0]
        end
    ) as poll (polled_at, file_id)
    where
        poll_day.store_key = store.store_key
        and settled.store_key is null
        and poll.file_id <> all(:later_file_ids)
    order by poll_day.store_key asc, poll_day.utc_day asc, poll.polled_at asc
) as first_poll on store.store_key = first_poll.store_key
where
    store.polled_from <= :accepted_order
    and least(settled.first_polled_at, new_poll.polled_at, first_poll.polled_at) <= :as_of
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
