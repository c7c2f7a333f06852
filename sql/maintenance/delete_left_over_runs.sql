-- What was staged beside the polls of files that are staged no more has served its purpose.
--
-- reads   core.file
-- writes  core.staged_run
delete from core.staged_run
where file_id not in (select file_id from core.file where state in ('loading', 'staged'))
