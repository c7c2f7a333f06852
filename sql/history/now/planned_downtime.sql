-- Planned downtime that is not over, of each store whose next change is not known yet.
--
-- reads   history.store_now, core.planned_downtime, core.group_member
-- writes  history.new_planned, whose rows the days no longer need; one row for each store that has any
-- binds   settlement_id, planned_downtime_file_id, store_groups_file_id, as_of, clocks, utc_from, utc_to, utc_offsets
--         (seconds): the segments of all clocks; shard, shards
--
-- Which rows of a file count for a store, and how a clock reads them: as in 1_clocks/planned_downtime.sql. Rows are
-- grouped by all of their columns: without a file Citus asks the shards of a table without keys.
insert into history.new_planned (store_key, planned_time)
select
    store.store_key,
    range_agg(tstzrange(planned_on_clock.starts_at, planned_on_clock.ends_at))
from history.store_now as store
left join (
    select
        store_id,
        array_agg(kind) as kinds,
        array_agg(name) as names
    from core.group_member
    where file_id = :store_groups_file_id
    group by store_id
) as grouped on store.store_id = grouped.store_id
cross join lateral unnest(
    array['store', 'all', 'timezone'] || grouped.kinds,
    array[store.store_id, 'all', store.newest_timezone] || grouped.names
) as scope (kind, name)
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
    from (
        select
            given.clock,
            given.utc_from,
            given.utc_to,
            make_interval(secs => given.utc_offset_seconds) as utc_offset
        from unnest(
            cast(:clocks as text[]),
            cast(:utc_from as timestamptz[]),
            cast(:utc_to as timestamptz[]),
            cast(:utc_offsets as double precision[])
        ) as given (clock, utc_from, utc_to, utc_offset_seconds)
    ) as segment
    inner join core.planned_downtime on planned_downtime.file_id = :planned_downtime_file_id
    where
        coalesce(planned_downtime.ends_at, 'infinity') > :as_of
        and coalesce(planned_downtime.ends_local, 'infinity')
        > cast(:as_of as timestamptz) at time zone 'UTC' - interval '2 days'
    group by
        segment.clock,
        planned_downtime.line,
        planned_downtime.store_id,
        planned_downtime.group_kind,
        planned_downtime.group_name,
        planned_downtime.starts_at,
        planned_downtime.starts_local,
        planned_downtime.ends_at,
        planned_downtime.ends_local
) as planned_on_clock
    on
        store.clock = planned_on_clock.clock
        and scope.kind = planned_on_clock.kind
        and scope.name = planned_on_clock.name
        and planned_on_clock.starts_at < planned_on_clock.ends_at
where
    store.settlement_id = :settlement_id
    and store.next_change_at is null
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
group by store.store_key
