-- The stores that snapshot files named that are void.
--
-- writes  core.snapshot_store
-- binds   file_ids
delete from core.snapshot_store
where file_id = any(:file_ids)
