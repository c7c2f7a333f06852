-- Files that are visible now.
--
-- writes  core.file.state
-- binds   file_ids
update core.file
set state = 'accepted'
where file_id = any(:file_ids)
