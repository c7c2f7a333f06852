-- The special hours of each store whose next change is not known yet, of the dates that may matter for it.
--
-- reads   history.store_now, core.special_hours, core.group_member
-- writes  history.new_special, whose rows the days no longer need
-- binds   settlement_id, special_hours_file_id, store_groups_file_id, as_of, until (a date), shard, shards
--
-- Of the rows for a store and date those of the best level count, all of them together, as in
-- 1_clocks/special_hours.sql.
insert into history.new_special (store_key, local_date, line, start_time_local, end_time_local)
select
    levelled.store_key,
    levelled.local_date,
    levelled.line,
    levelled.start_time_local,
    levelled.end_time_local
from (
    select
        store.store_key,
        special.local_date,
        special.line,
        special.start_time_local,
        special.end_time_local,
        special.level,
        min(special.level) over (partition by store.store_key, special.local_date) as best_level
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
            local_date,
            line,
            start_time_local,
            end_time_local,
            case when store_id is not null then 'store' else coalesce(group_kind, 'all') end as kind,
            coalesce(store_id, group_name, 'all') as name,
            case when store_id is not null then 1 when group_kind is not null then 2 else 3 end as level
        from core.special_hours
        where
            file_id = :special_hours_file_id
            and local_date between cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) - 3 and :until
    ) as special on scope.kind = special.kind and scope.name = special.name
    where
        store.settlement_id = :settlement_id
        and store.next_change_at is null
        and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
) as levelled
where levelled.level = levelled.best_level
