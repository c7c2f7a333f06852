-- What was staged beside the polls of files has served its purpose.
--
-- writes  core.polled_store, core.staged_run
-- binds   file_ids
with run as (
    delete from core.staged_run
    where file_id = any(:file_ids)
)

delete from core.polled_store
where file_id = any(:file_ids)
