-- What was noted beside the polls of files has served its purpose.
--
-- writes  core.polled_store
-- binds   file_ids
delete from core.polled_store
where file_id = any(:file_ids)
