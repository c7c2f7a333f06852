-- name: stores
-- The stores that have days, with their clocks and the hours files that name them.
--
-- reads   history.store
-- yields  one row for each store, by key
select
    store_key,
    clock,
    hours_file_ids
from history.store
order by store_key;

-- name: weekly
-- The weekly openings of stores in the hours files that hold; times in microseconds since midnight.
--
-- reads   core.business_hours
-- yields  one row for each opening
-- binds   first_key, last_key, file_ids
select
    file_id,
    store_key,
    weekday,
    cast(extract(epoch from start_time_local) * 1000000 as bigint) as start_us,
    cast(extract(epoch from end_time_local) * 1000000 as bigint) as end_us
from core.business_hours
where store_key between :first_key and :last_key and file_id = any(:file_ids);

-- name: special
-- The special hours of stores; times in microseconds since midnight, null if the store is closed.
--
-- reads   history.store_group, history.used_snapshot, core.special_hours
-- yields  one row for each opening
-- binds   first_key, last_key, from_date, until_date
select
    store_key,
    local_date,
    cast(extract(epoch from start_time_local) * 1000000 as bigint) as start_us,
    cast(extract(epoch from end_time_local) * 1000000 as bigint) as end_us
from (
    select
        store_group.store_key,
        special_hours.local_date,
        special_hours.start_time_local,
        special_hours.end_time_local,
        case store_group.kind when 'store' then 1 when 'all' then 3 else 2 end as level,
        min(case store_group.kind when 'store' then 1 when 'all' then 3 else 2 end)
            over (partition by store_group.store_key, special_hours.local_date) as winning_level
    from core.special_hours
    inner join history.used_snapshot
        on used_snapshot.kind = 'special_hours' and special_hours.file_id = used_snapshot.file_id
    inner join history.store_group
        on
            store_group.kind = case
                when special_hours.store_id is not null then 'store' else coalesce(special_hours.group_kind, 'all')
            end
            and store_group.name = coalesce(special_hours.store_id, special_hours.group_name, 'all')
    where
        special_hours.local_date between :from_date and :until_date
        and store_group.store_key between :first_key and :last_key
) as scoped
where level = winning_level;

-- name: planned
-- The planned downtime of stores that is not over; in microseconds since 1970.
--
-- reads   history.store, history.store_group, history.used_snapshot, core.planned_downtime
-- yields  one row for each span
-- binds   first_key, last_key, from_at, until_at; clocks, utc_from, utc_to, utc_offsets (seconds): the segments of all
--         clocks
--
-- A local start that occurs twice is the first, an end the last, as in availability/days_to_come.
with segment as materialized (
    select
        clock,
        utc_from,
        utc_to,
        make_interval(secs => utc_offset_seconds) as utc_offset
    from unnest(
        cast(:clocks as text[]),
        cast(:utc_from as timestamptz[]),
        cast(:utc_to as timestamptz[]),
        cast(:utc_offsets as double precision[])
    ) as given (clock, utc_from, utc_to, utc_offset_seconds)
)

select
    store.store_key,
    cast(
        extract(epoch from greatest(planned_row.starts_at, cast(:from_at as timestamptz))) * 1000000 as bigint
    ) as start_us,
    cast(extract(epoch from least(planned_row.ends_at, cast(:until_at as timestamptz))) * 1000000 as bigint) as end_us
from history.store
inner join history.store_group on store.store_key = store_group.store_key
inner join (
    select
        segment.clock,
        case
            when planned_downtime.store_id is not null then 'store'
            else coalesce(planned_downtime.group_kind, 'all')
        end as kind,
        coalesce(planned_downtime.store_id, planned_downtime.group_name, 'all') as name,
        coalesce(
            planned_downtime.starts_at,
            min(greatest(segment.utc_from, planned_downtime.starts_local at time zone 'UTC' - segment.utc_offset))
                filter (
                    where segment.utc_to > planned_downtime.starts_local at time zone 'UTC' - segment.utc_offset
                ),
            'infinity'
        ) as starts_at,
        case
            when planned_downtime.ends_at is not null then planned_downtime.ends_at
            when planned_downtime.ends_local is null then 'infinity'
            else coalesce(
                max(least(segment.utc_to, planned_downtime.ends_local at time zone 'UTC' - segment.utc_offset))
                    filter (
                        where segment.utc_from < planned_downtime.ends_local at time zone 'UTC' - segment.utc_offset
                    ),
                '-infinity'
            )
        end as ends_at
    from core.planned_downtime
    inner join history.used_snapshot
        on used_snapshot.kind = 'planned_downtime' and planned_downtime.file_id = used_snapshot.file_id
    cross join segment
    group by planned_downtime.file_id, planned_downtime.line, segment.clock
) as planned_row
    on
        store.clock = planned_row.clock
        and store_group.kind = planned_row.kind
        and store_group.name = planned_row.name
        and planned_row.starts_at < planned_row.ends_at
        and planned_row.starts_at < :until_at
        and planned_row.ends_at > :from_at
where store.store_key between :first_key and :last_key;
