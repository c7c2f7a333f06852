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
) as store
