-- name: of_all_stores
-- Changes that touch all stores: the setting, and a date that was asked for.
--
-- reads   history.new_store, history.change
-- writes  history.new_change, at most one row for each store of the shard and kind of change
-- binds   shard, shards
--
-- A store that was never settled is settled from its first date on, whatever has changed.
insert into history.new_change (store_key, cause, from_date)
select
    store.store_key,
    change.cause,
    change.from_date
from history.new_store as store
cross join history.change
where
    change.cause in ('max_gap', 'from_date')
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard);

-- name: of_zones
-- Stores with another clock.
--
-- reads   history.new_store, history.change, history.store
-- writes  history.new_change, at most one row for each store of the shard
-- binds   shard, shards
insert into history.new_change (store_key, cause, from_date)
select
    store.store_key,
    change.cause,
    change.from_date
from history.new_store as store
inner join history.store as settled on store.store_key = settled.store_key
inner join history.change on change.cause = 'store_timezones'
where
    store.clock <> settled.clock
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard);

-- name: of_hours
-- Stores with other weekly hours, from the first date on for which another file holds.
--
-- reads   history.new_store, history.file_period, history.change, core.snapshot_store, core.business_hours
-- writes  history.new_change, at most one row for each store of the shard
-- binds   previous_order, accepted_order, shard, shards
insert into history.new_change (store_key, cause, from_date)
select
    compared.store_key,
    'business_hours',
    min(compared.valid_from)
from (
    select
        store.store_key,
        differing.valid_from
    from history.new_store as store
    cross join (
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
    ) as differing
    left join (
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
                select file_period.file_id
                from history.file_period
                inner join history.change on file_period.kind = change.cause
                where
                    file_period.kind = 'business_hours'
                    and file_period.accepted_order in (:previous_order, :accepted_order)
                    and file_period.valid_until > change.from_date
            )
            and (opening.store_key is not null or snapshot_store.has_closed_rows)
        group by snapshot_store.store_key, snapshot_store.file_id
    ) as week
        on store.store_key = week.store_key and week.file_id in (differing.file_id, differing.previous_file_id)
    where (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
    group by store.store_key, differing.valid_from, differing.file_id, differing.previous_file_id
    having
        max(week.openings) filter (where week.file_id = differing.previous_file_id)
        is distinct from max(week.openings) filter (where week.file_id = differing.file_id)
) as compared
group by compared.store_key;

-- name: of_rows
-- Stores within a scope whose rows of special hours or planned downtime differ, and those whose zone is another one
-- than before.
--
-- reads   history.new_store, history.changed_row, history.store, core.group_member
-- writes  history.new_change, at most one row for each store of the shard and kind of change
-- binds   store_groups_file_id, shard, shards
insert into history.new_change (store_key, cause, from_date)
select
    touched.store_key,
    touched.cause,
    min(touched.from_date)
from (
    select
        store.store_key,
        changed.cause,
        changed.from_date
    from history.new_store as store
    left join history.store as settled on store.store_key = settled.store_key
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
            cause,
            from_date,
            case when store_id is not null then 'store' else coalesce(group_kind, 'all') end as kind,
            coalesce(store_id, group_name, 'all') as name
        from history.changed_row
    ) as changed on scope.kind = changed.kind and scope.name = changed.name
    where
        (
            changed.cause <> 'store_timezones'
            or scope.kind <> 'timezone'
            or store.newest_timezone <> settled.newest_timezone
        )
        and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
) as touched
group by touched.store_key, touched.cause
on conflict (store_key, cause) do update
set from_date = least(new_change.from_date, excluded.from_date);

-- name: of_rows_before
-- The same, of groups in which stores were until now.
--
-- reads   history.new_store, history.changed_row, history.store_group (as the settlement before left it)
-- writes  history.new_change, at most one row for each store of the shard and kind of change
-- binds   shard, shards
insert into history.new_change (store_key, cause, from_date)
select
    store.store_key,
    changed_row.cause,
    min(changed_row.from_date)
from history.new_store as store
inner join history.store_group on store.store_key = store_group.store_key
inner join history.changed_row
    on store_group.kind = changed_row.group_kind and store_group.name = changed_row.group_name
where
    (changed_row.cause <> 'store_timezones' or store.newest_timezone <> store_group.name)
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
group by store.store_key, changed_row.cause
on conflict (store_key, cause) do update
set from_date = least(new_change.from_date, excluded.from_date);
