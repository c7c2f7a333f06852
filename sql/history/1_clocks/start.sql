-- The date from which on each store is settled: the first that can have changed.
--
-- reads   history.new_store, history.new_change, history.clock_date
-- writes  history.new_store: first_date, last_date, from_date, from_at
-- binds   as_of, kept_from (an instant: polls before are gone), keep_from (a date), shard, shards
--
-- That is the first date for a store that was never settled; else the first one that was not final, that of the
-- earliest new poll, or that of another change that touches it. Only a clean date will do (clock_date). Dates whose
-- polls are gone, and those that are kept no more, stay as they are; a poll of such a date counts for those after it.
-- What bounds the date is found before the dates are looked at: each store has as many of them as the history. The last
-- clean date up to that bound is never before the first one that is kept, which is clean itself.
update history.new_store
set
    first_date = starting.first_date,
    last_date = starting.last_date,
    from_date = starting.from_date,
    from_at = starting.from_at
from (
    select
        bound.store_key,
        bound.first_date,
        bound.last_date,
        start.clean_date as from_date,
        start.clean_at as from_at
    from (
        select
            store.store_key,
            store.clock,
            max(first.local_date) filter (where first.local_date >= kept.local_date) as first_date,
            max(last.local_date) as last_date,
            max(
                greatest(
                    kept.local_date,
                    first.local_date,
                    case
                        when store.provisional_from is not null then
                            least(
                                store.provisional_from,
                                case
                                    when store.new_polled_at < kept.starts_at then kept.local_date
                                    else polled.local_date
                                end,
                                changed.from_date
                            )
                    end
                )
            ) as changed_date
        from history.new_store as store
        left join history.clock_date as first
            on
                store.clock = first.clock
                and first.starts_at <= store.first_polled_at
                and first.utc_range @> store.first_polled_at
        left join history.clock_date as polled
            on
                store.clock = polled.clock
                and polled.starts_at <= store.new_polled_at
                and polled.utc_range @> store.new_polled_at
        inner join history.clock_date as last
            on store.clock = last.clock and last.starts_at <= :as_of and last.utc_range @> cast(:as_of as timestamptz)
        inner join (
            select
                clock,
                min(local_date) as local_date,
                min(starts_at) as starts_at
            from history.clock_date
            where
                is_clean
                and (cast(:kept_from as timestamptz) is null or starts_at >= :kept_from)
                and (cast(:keep_from as date) is null or local_date >= :keep_from)
            group by clock
        ) as kept on store.clock = kept.clock
        left join (
            select
                store_key,
                min(from_date) as from_date
            from history.new_change
            group by store_key
        ) as changed on store.store_key = changed.store_key
        where :shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard
        group by store.store_key, store.clock
    ) as bound
    inner join (
        select
            clock,
            local_date,
            max(local_date) filter (where is_clean) over up_to_here as clean_date,
            max(starts_at) filter (where is_clean) over up_to_here as clean_at
        from history.clock_date
        window up_to_here as (partition by clock order by local_date)
    ) as start on bound.clock = start.clock and bound.changed_date = start.local_date
) as starting
where new_store.store_key = starting.store_key
