-- The special hours of each store and date: of the rows for it those of the store itself, else those of its groups,
-- else those of all stores.
--
-- reads   history.new_store, core.special_hours, core.group_member
-- writes  history.new_special
-- binds   special_hours_file_id, store_groups_file_id, as_of, shard, shards
--
-- The dates are those from which an opening may reach a day that is settled, or the day after as_of, in any zone.
insert into history.new_special (store_key, local_date, line, start_time_local, end_time_local)
select
    store_key,
    local_date,
    line,
    start_time_local,
    end_time_local
from (
    select
        store.store_key,
        special_hours.local_date,
        special_hours.line,
        special_hours.start_time_local,
        special_hours.end_time_local,
        case
            when special_hours.store_id is not null then 1
            when special_hours.group_kind is not null then 2
            else 3
        end as level,
        min(
            case
                when special_hours.store_id is not null then 1
                when special_hours.group_kind is not null then 2
                else 3
            end
        ) over (partition by store.store_key, special_hours.local_date) as winning_level
    from history.new_store as store
    inner join core.special_hours
        on
            special_hours.file_id = :special_hours_file_id
            and special_hours.local_date >= store.from_date - 3
            and special_hours.local_date <= cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) + 3
    left join core.group_member
        on
            group_member.file_id = :store_groups_file_id
            and store.store_id = group_member.store_id
            and special_hours.group_kind = group_member.kind
            and special_hours.group_name = group_member.name
    where
        (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
        and (
            special_hours.store_id = store.store_id
            or (special_hours.store_id is null and special_hours.group_kind is null)
            or group_member.store_id is not null
            or (special_hours.group_kind = 'timezone' and special_hours.group_name = store.newest_timezone)
        )
) as scoped
where level = winning_level
