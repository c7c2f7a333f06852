-- The intervals of files whose polls are later than all others (can_append), without reading the polls. An interval is
-- not a new one if the status is as before: at the end of the file before, or of all accepted ones. The last interval
-- of each store has been ended (end_last).
--
-- reads   core.staged_interval, core.status_interval
-- writes  core.status_interval, one row per interval that starts in the files
-- binds   file_ids
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
        sequence.was_active is null and known.store_key is null as is_first
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
    left join lateral (
        select
            status_interval.store_key,
            bool_or(status_interval.is_active) as is_active
        from core.status_interval
        where
            sequence.was_active is null
            and status_interval.store_key = sequence.store_key
            and status_interval.holds_until >= sequence.started_at
        group by status_interval.store_key
    ) as known on sequence.store_key = known.store_key
    where sequence.is_active is distinct from coalesce(sequence.was_active, known.is_active)
) as change
window in_time as (partition by change.store_key order by change.started_at)
