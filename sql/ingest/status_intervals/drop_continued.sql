-- A store's first run of a file whose polls are later than all others is no new one if it goes on as before.
--
-- reads   core.status_run (the last run of each store)
-- writes  core.staged_run
-- binds   file_id
delete from core.staged_run
using core.status_run
where
    staged_run.file_id = :file_id
    and status_run.store_key = staged_run.store_key
    and status_run.holds_until = 'infinity'
    and status_run.is_active = staged_run.is_active
    and not exists (
        select
        from core.staged_run as earlier
        where
            earlier.file_id = staged_run.file_id
            and earlier.store_key = staged_run.store_key
            and earlier.started_at < staged_run.started_at
    )
