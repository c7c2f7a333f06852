-- writes  core.polled_store
-- binds   file_ids
delete from core.polled_store
where file_id = any(:file_ids)
