-- The intervals of files whose polls are later than all others (can_append), without reading the polls. An interval is
-- not a new one if the status is as before: at the end of the file before, or of all accepted ones. The last interval
-- of each store has been ended (end_last).
--
-- reads   core.staged_interval, core.status_interval
-- writes  core.status_interval, one row per interval that starts in the files
-- binds   file_ids
--
-- The last intervals are joined once, store by store. Looked up for each staged interval they would be searched for in
-- the rows that this statement has just inserted, for minutes, if the statistics say that the table is empty.
insert into core.status_interval (store_key, started_at, holds_from, holds_until, is_active)
select
    change.store_key,
    change.started_at,
    case when change.is_first then '-infinity' else change.started_at end,
    lead(change.started_at, 1, 'infinity') over in_time,
    change.is_active
from (
    select
        sequence.store_key,
        sequence.started_at,
        sequence.is_active,
        sequence.was_active is null and last_interval.store_key is null as is_first
    from (
        select
            staged_interval.store_key,
            staged_interval.started_at,
            staged_interval.is_active,
            lag(staged_interval.is_active) over (
                partition by staged_interval.store_key
                order by staged_interval.started_at
            ) as was_active
        from core.staged_interval
        where staged_interval.file_id = any(:file_ids)
    ) as sequence
    left join (
        select
            status_interval.store_key,
            status_interval.is_active
        from (
            select
                staged_interval.store_key,
                min(staged_interval.started_at) as started_at
            from core.staged_interval
            where staged_interval.file_id = any(:file_ids)
            group by staged_interval.store_key
        ) as arrival
        inner join core.status_interval
            on
                arrival.store_key = status_interval.store_key
                and arrival.started_at <= status_interval.holds_until
    ) as last_interval on sequence.store_key = last_interval.store_key
    where sequence.is_active is distinct from coalesce(sequence.was_active, last_interval.is_active)
) as change
window in_time as (partition by change.store_key order by change.started_at)
