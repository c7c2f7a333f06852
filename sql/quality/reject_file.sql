-- A staged file that failed: its rows go, its quarantine stays as evidence, and the same content may come again.
--
-- reads   core.file
-- writes  core.file, core.poll, core.polled_store, core.staged_run, core.business_hours, core.store_timezone,
--         core.snapshot_store
-- binds   file_id, rejected_because
--
-- One that was accepted meanwhile stays. The bounds let the server skip the months that the file has no polls of.
with rejected as (
    update core.file
    set
        state = 'rejected',
        rejected_because = :rejected_because
    where file_id = :file_id and state = 'staged'
    returning file_id
),

poll as (
    delete from core.poll
    where
        file_id in (select file_id from rejected)
        and polled_at between (
            select first_polled_at from core.file
            where file_id = :file_id
        ) and (
            select last_polled_at from core.file
            where file_id = :file_id
        )
),

polled_store as (
    delete from core.polled_store
    where file_id in (select file_id from rejected)
),

run as (
    delete from core.staged_run
    where file_id in (select file_id from rejected)
),

opening as (
    delete from core.business_hours
    where file_id in (select file_id from rejected)
),

zone as (
    delete from core.store_timezone
    where file_id in (select file_id from rejected)
)

delete from core.snapshot_store
where file_id in (select file_id from rejected)
