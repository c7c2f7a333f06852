-- In files whose polls are later than all others (can_append), an interval is not a new one if the status is as before:
-- at the end of the file before, or of all accepted ones.
--
-- reads   core.status_interval (the last interval of each store)
-- writes  core.staged_interval
-- binds   file_ids
delete from core.staged_interval
using (
    select
        file_id,
        store_key,
        started_at,
        lag(is_active) over (partition by store_key order by started_at) as was_active
    from core.staged_interval
    where file_id = any(:file_ids)
) as sequence
left join core.status_interval
    on sequence.store_key = status_interval.store_key and status_interval.holds_until = 'infinity'
where
    staged_interval.file_id = sequence.file_id
    and staged_interval.store_key = sequence.store_key
    and staged_interval.started_at = sequence.started_at
    and staged_interval.is_active = coalesce(sequence.was_active, status_interval.is_active)
