-- Which changes touch each store, and from which date on: its own hours, its own clock, rows of a scope that contains
-- it now or contained it before. The setting, and a date that was asked for, touch all stores.
--
-- reads   history.new_store, history.change, history.changed_row, history.file_period, history.store,
--         history.store_group (as the settlement before left it), core.group_member, core.business_hours,
--         core.snapshot_store
-- writes  history.new_change, at most one row for each store of the shard and kind of change
-- binds   previous_order, accepted_order, store_groups_file_id, shard, shards
--
-- A store that was never settled is settled from its first date on, whatever has changed.
insert into history.new_change (store_key, cause, from_date)
with differing as (
    select
        edge.valid_from,
        before.file_id as previous_file_id,
        after.file_id
    from history.file_period as edge
    inner join history.file_period as before
        on
            before.accepted_order = :previous_order
            and edge.kind = before.kind
            and edge.valid_from >= before.valid_from
            and edge.valid_from < before.valid_until
    inner join history.file_period as after
        on
            after.accepted_order = :accepted_order
            and edge.kind = after.kind
            and edge.valid_from >= after.valid_from
            and edge.valid_from < after.valid_until
    where edge.kind = 'business_hours' and before.file_id is distinct from after.file_id
    group by edge.valid_from, before.file_id, after.file_id
),

week as (
    select
        snapshot_store.store_key,
        snapshot_store.file_id,
        string_agg(
            concat_ws('|', opening.weekday, opening.start_time_local, opening.end_time_local),
            ', ' order by opening.weekday, opening.start_time_local, opening.end_time_local
        ) as openings
    from core.snapshot_store
    left join core.business_hours as opening
        on snapshot_store.file_id = opening.file_id and snapshot_store.store_key = opening.store_key
    where
        snapshot_store.file_id in (
            select differing.file_id
            from differing
            union all
            select differing.previous_file_id
            from differing
        )
        and (opening.store_key is not null or snapshot_store.has_closed_rows)
    group by snapshot_store.store_key, snapshot_store.file_id
),

touched as (
    select
        store.store_key,
        change.cause,
        change.from_date
    from history.new_store as store
    cross join history.change
    where change.cause in ('max_gap', 'from_date')
    union all
    select
        store.store_key,
        'store_timezones',
        change.from_date
    from history.new_store as store
    inner join history.store as settled on store.store_key = settled.store_key
    inner join history.change on change.cause = 'store_timezones'
    where store.clock <> settled.clock
    union all
    select
        store.store_key,
        'business_hours',
        differing.valid_from
    from history.new_store as store
    cross join differing
    left join week as before on store.store_key = before.store_key and differing.previous_file_id = before.file_id
    left join week as after on store.store_key = after.store_key and differing.file_id = after.file_id
    where before.openings is distinct from after.openings
    union all
    select
        store.store_key,
        changed_row.cause,
        changed_row.from_date
    from history.new_store as store
    inner join history.changed_row on store.store_id = changed_row.store_id
    union all
    select
        store.store_key,
        changed_row.cause,
        changed_row.from_date
    from history.new_store as store
    inner join history.changed_row on changed_row.store_id is null and changed_row.group_kind is null
    union all
    select
        store.store_key,
        changed_row.cause,
        changed_row.from_date
    from history.changed_row
    inner join history.store_group
        on changed_row.group_kind = store_group.kind and changed_row.group_name = store_group.name
    inner join history.new_store as store on store_group.store_key = store.store_key
    where changed_row.cause <> 'store_timezones' or store.newest_timezone <> store_group.name
    union all
    select
        store.store_key,
        changed_row.cause,
        changed_row.from_date
    from history.changed_row
    inner join core.group_member
        on
            group_member.file_id = :store_groups_file_id
            and changed_row.group_kind = group_member.kind
            and changed_row.group_name = group_member.name
    inner join history.new_store as store on group_member.store_id = store.store_id
    union all
    select
        store.store_key,
        changed_row.cause,
        changed_row.from_date
    from history.changed_row
    inner join history.new_store as store on changed_row.group_name = store.newest_timezone
    left join history.store as settled on store.store_key = settled.store_key
    where
        changed_row.group_kind = 'timezone'
        and (changed_row.cause <> 'store_timezones' or store.newest_timezone <> settled.newest_timezone)
)

select
    touched.store_key,
    touched.cause,
    min(touched.from_date)
from touched
where :shards = 1 or (touched.store_key % :shards + :shards) % :shards = :shard
group by touched.store_key, touched.cause
