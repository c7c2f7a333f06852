-- The runs of files are in core.status_run now.
--
-- writes  core.staged_run
-- binds   file_ids
delete from core.staged_run
where file_id = any(:file_ids)
