-- What was staged beside the polls of files that are staged no more has served its purpose.
--
-- reads   core.file
-- writes  core.polled_store
delete from core.polled_store
where file_id not in (select file_id from core.file where state in ('loading', 'staged'))
