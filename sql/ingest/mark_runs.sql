-- The file has its runs in core.staged_run.
--
-- writes  core.file.has_runs
-- binds   file_id
update core.file
set has_runs = true
where file_id = :file_id
