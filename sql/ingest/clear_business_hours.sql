-- The openings of snapshot files that are void.
--
-- writes  core.business_hours
-- binds   file_ids
delete from core.business_hours
where file_id = any(:file_ids)
