-- name: add_to_clocks
-- Planned downtime on each clock: a wall-clock time is read on it.
--
-- reads   history.clock_segment, core.planned_downtime
-- writes  history.clock_planned, one row for each clock and row of the file that covers anything on it
-- binds   planned_downtime_file_id, clocks
--
-- A start is the first instant at which the clock reads that time or a later one: the first of two, and the instant of
-- the change if it is skipped. An end is the last instant up to which it has read an earlier one.
insert into history.clock_planned (clock, line, utc_range)
select
    read.clock,
    read.line,
    tstzrange(read.starts_at, read.ends_at)
from (
    select
        clock_segment.clock,
        planned_downtime.line,
        coalesce(
            planned_downtime.starts_at,
            min(
                greatest(
                    lower(clock_segment.utc_range),
                    planned_downtime.starts_local at time zone 'UTC' - clock_segment.utc_offset
                )
            ) filter (
                where upper(clock_segment.utc_range)
                > planned_downtime.starts_local at time zone 'UTC' - clock_segment.utc_offset
            ),
            'infinity'
        ) as starts_at,
        case
            when planned_downtime.ends_at is not null then planned_downtime.ends_at
            when planned_downtime.ends_local is null then 'infinity'
            else coalesce(
                max(
                    least(
                        upper(clock_segment.utc_range),
                        planned_downtime.ends_local at time zone 'UTC' - clock_segment.utc_offset
                    )
                ) filter (
                    where lower(clock_segment.utc_range)
                    < planned_downtime.ends_local at time zone 'UTC' - clock_segment.utc_offset
                ),
                '-infinity'
            )
        end as ends_at
    from history.clock_segment
    inner join core.planned_downtime on planned_downtime.file_id = :planned_downtime_file_id
    where clock_segment.clock = any(:clocks)
    group by clock_segment.clock, planned_downtime.file_id, planned_downtime.line
) as read
where read.starts_at < read.ends_at
on conflict do nothing;

-- name: add
-- Planned downtime of each store up to a day after as_of: that of all stores, of its groups, and its own.
--
-- reads   history.new_store, history.clock_planned, core.planned_downtime, core.group_member
-- writes  history.new_planned, one row for each store of the shard that has any
-- binds   planned_downtime_file_id, store_groups_file_id, as_of, shard, shards
insert into history.new_planned (store_key, planned_time)
select
    store.store_key,
    range_agg(clock_planned.utc_range)
from history.new_store as store
inner join history.clock_planned on store.clock = clock_planned.clock
inner join core.planned_downtime
    on planned_downtime.file_id = :planned_downtime_file_id and clock_planned.line = planned_downtime.line
left join core.group_member
    on
        group_member.file_id = :store_groups_file_id
        and store.store_id = group_member.store_id
        and planned_downtime.group_kind = group_member.kind
        and planned_downtime.group_name = group_member.name
where
    (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
    and clock_planned.utc_range && tstzrange(store.from_at, cast(:as_of as timestamptz) + interval '1 day', '[]')
    and (
        planned_downtime.store_id = store.store_id
        or (planned_downtime.store_id is null and planned_downtime.group_kind is null)
        or group_member.store_id is not null
        or (planned_downtime.group_kind = 'timezone' and planned_downtime.group_name = store.newest_timezone)
    )
group by store.store_key;
