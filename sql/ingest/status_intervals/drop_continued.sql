-- A store's first interval in a file whose polls are later than all others is not a new one if the status is as before.
--
-- reads   core.status_interval (the last interval of each store)
-- writes  core.staged_interval
-- binds   file_id
delete from core.staged_interval
using core.status_interval
where
    staged_interval.file_id = :file_id
    and status_interval.store_key = staged_interval.store_key
    and status_interval.holds_until = 'infinity'
    and status_interval.is_active = staged_interval.is_active
    and not exists (
        select
        from core.staged_interval as earlier
        where
            earlier.file_id = staged_interval.file_id
            and earlier.store_key = staged_interval.store_key
            and earlier.started_at < staged_interval.started_at
    )
