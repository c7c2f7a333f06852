-- What was staged beside the polls of files that are staged no more.
--
-- reads   core.polled_store, core.staged_run, core.file
select
    (
        select count(*)
        from core.staged_run
        where staged_run.file_id not in (select file_id from core.file where state in ('loading', 'staged'))
    ) as staged_runs,
    (
        select count(*)
        from core.polled_store
        where polled_store.file_id not in (select file_id from core.file where state in ('loading', 'staged'))
    ) as polled_stores
