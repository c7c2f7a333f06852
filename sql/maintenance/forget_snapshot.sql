-- A snapshot whose rows go; should the same content come again, it is loaded again.
--
-- writes  core.file, one row
-- binds   file_id
update core.file
set state = 'forgotten'
where file_id = :file_id
