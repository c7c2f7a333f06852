-- A file that is given up: it is as if it had never been there.
--
-- writes  core.file (with it core.file_share and quality.quarantined_row)
-- binds   file_id
delete from core.file
where file_id = :file_id and state = 'loading'
