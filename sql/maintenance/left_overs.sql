-- name: list_files
-- Files of which some shares were loaded, and then no more: their run failed, and the content did not come again.
--
-- reads   core.file
-- yields  one row per file
-- binds   before
select
    file_id,
    kind,
    name
from core.file
where state = 'loading' and loaded_at < :before
order by file_id;

-- name: count_rows
-- What was staged beside the polls of files that are staged no more.
--
-- reads   core.polled_store, core.staged_run, core.file
select
    run.staged_runs,
    store.polled_stores
from (
    select count(*) as staged_runs
    from core.staged_run
    where file_id not in (select file_id from core.file where state in ('loading', 'staged'))
) as run
cross join (
    select count(*) as polled_stores
    from core.polled_store
    where file_id not in (select file_id from core.file where state in ('loading', 'staged'))
) as store;

-- name: delete_intervals
-- What was staged beside the polls of files that are staged no more has served its purpose.
--
-- reads   core.file
-- writes  core.staged_run
delete from core.staged_run
where file_id not in (select file_id from core.file where state in ('loading', 'staged'));

-- name: delete_stores
-- What was staged beside the polls of files that are staged no more has served its purpose.
--
-- reads   core.file
-- writes  core.polled_store
delete from core.polled_store
where file_id not in (select file_id from core.file where state in ('loading', 'staged'));
