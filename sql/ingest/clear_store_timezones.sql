-- The zones of snapshot files that are void.
--
-- writes  core.store_timezone
-- binds   file_ids
delete from core.store_timezone
where file_id = any(:file_ids)
