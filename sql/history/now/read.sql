-- name: list
-- What stores are now, in the requested order.
--
-- reads   history.newest_settlement, history.store_now, history.outage, history.used_snapshot, core.group_member
-- yields  one row for each store
-- binds   kind, name (of the stores: all, all for all of them; store and an id for one), state (null: any; down: open
--         and down, or in an outage that is ongoing; up or unknown: open with that status; open; closed), sort
--         (store_id, since, outage_started_at, downtime, last_poll_at or next_change_at), missing (the value of a
--         store that has none), is_descending, after_value and after_store_id (null: from the first on), rows (null:
--         all)
with sorted as (
    select
        store_now.store_id,
        store_now.status,
        store_now.is_open,
        store_now.since,
        outage.started_at as outage_started_at,
        coalesce(outage.downtime_us, 0) as downtime_us,
        store_now.last_poll_at,
        store_now.next_change_at,
        coalesce(
            case cast(:sort as text)
                when 'store_id' then 0
                when 'since' then cast(extract(epoch from store_now.since) * 1000000 as bigint)
                when 'outage_started_at' then cast(extract(epoch from outage.started_at) * 1000000 as bigint)
                when 'downtime' then outage.downtime_us
                when 'last_poll_at' then cast(extract(epoch from store_now.last_poll_at) * 1000000 as bigint)
                when 'next_change_at' then cast(extract(epoch from store_now.next_change_at) * 1000000 as bigint)
            end,
            cast(:missing as bigint)
        ) as sort_value
    from history.newest_settlement
    inner join history.store_now on newest_settlement.settlement_id = store_now.settlement_id
    left join history.outage on store_now.store_key = outage.store_key and outage.ended_by is null
    where
        (
            :kind = 'all'
            or (:kind = 'store' and store_now.store_id = :name)
            or (:kind = 'timezone' and store_now.newest_timezone = :name)
            or store_now.store_id in (
                select group_member.store_id
                from history.used_snapshot
                inner join core.group_member on used_snapshot.file_id = group_member.file_id
                where used_snapshot.kind = 'store_groups' and group_member.kind = :kind and group_member.name = :name
            )
        )
        and case cast(:state as text)
            when 'down' then (store_now.is_open and store_now.status = 'down') or outage.started_at is not null
            when 'up' then store_now.is_open and store_now.status = 'up'
            when 'unknown' then store_now.is_open and store_now.status = 'unknown'
            when 'open' then store_now.is_open
            when 'closed' then not store_now.is_open
            else true
        end
)

select
    store_id,
    status,
    is_open,
    since,
    outage_started_at,
    downtime_us,
    last_poll_at,
    next_change_at
from sorted
where
    case
        when cast(:after_store_id as text) is null then true
        when :is_descending then
            (sort_value, store_id collate "C") < (cast(:after_value as bigint), :after_store_id)
        else (sort_value, store_id collate "C") > (cast(:after_value as bigint), :after_store_id)
    end
order by
    case when not :is_descending then sort_value end asc,
    case when :is_descending then sort_value end desc,
    case when not :is_descending then store_id end collate "C" asc,
    case when :is_descending then store_id end collate "C" desc
limit :rows;

-- name: groups
-- How many stores are in which state now, group by group.
--
-- reads   history.newest_settlement, history.store_now, history.outage, history.used_snapshot, core.group_member
-- yields  one row for each group of the kind, with the most stores that are down first; states are those of list
-- binds   by (all, timezone or a kind of group)
with member as materialized (
    select
        group_member.store_id,
        group_member.name
    from history.used_snapshot
    inner join core.group_member on used_snapshot.file_id = group_member.file_id
    where used_snapshot.kind = 'store_groups' and group_member.kind = :by
),

state as (
    select
        case cast(:by as text)
            when 'all' then 'all'
            when 'timezone' then store_now.newest_timezone
            else member.name
        end as scope,
        store_now.is_open,
        store_now.status,
        (store_now.is_open and store_now.status = 'down') or outage.started_at is not null as is_down,
        outage.started_at
    from history.newest_settlement
    inner join history.store_now on newest_settlement.settlement_id = store_now.settlement_id
    left join history.outage on store_now.store_key = outage.store_key and outage.ended_by is null
    left join member on store_now.store_id = member.store_id
)

select
    scope,
    count(*) as stores,
    count(*) filter (where is_open) as open,
    count(*) filter (where is_open and status = 'up') as up,
    count(*) filter (where is_down) as down,
    count(*) filter (where is_down and not is_open) as down_and_closed,
    count(*) filter (where is_open and status = 'unknown') as unknown,
    count(*) filter (where not is_open) as closed,
    min(started_at) as oldest_outage_at
from state
where scope is not null
group by scope
order by down desc, unknown desc, scope collate "C" asc;
