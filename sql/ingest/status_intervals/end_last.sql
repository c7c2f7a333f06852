-- The last interval of a store ends where the status first changes in files whose polls are later than all others
-- (can_append).
--
-- reads   core.staged_interval
-- writes  core.status_interval.holds_until
-- binds   file_ids
update core.status_interval
set holds_until = change.started_at
from (
    select
        sequence.store_key,
        min(sequence.started_at) as started_at
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
    inner join core.status_interval as last_interval
        on sequence.store_key = last_interval.store_key and last_interval.holds_until = 'infinity'
    where sequence.is_active <> coalesce(sequence.was_active, last_interval.is_active)
    group by sequence.store_key
) as change
where status_interval.store_key = change.store_key and status_interval.holds_until = 'infinity'
