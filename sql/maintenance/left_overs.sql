-- name: list_files
-- Files of which some partitions were loaded and others were not: the DAG run failed, and the content did not come
-- again.
--
-- reads   core.file
-- yields  one row per file
-- binds   before (an instant)
select
    file_id,
    kind,
    name
from core.file
where state = 'loading' and loaded_at < :before
order by file_id;

-- name: count_rows
-- How many rows there are beside the polls of files that are no longer staged.
--
-- reads   core.polled_store, core.staged_interval, core.file
-- yields  one row
select
    left_interval.staged_intervals,
    left_store.polled_stores
from (
    select count(*) as staged_intervals
    from core.staged_interval
    where file_id not in (select file_id from core.file where state in ('loading', 'staged'))
) as left_interval
cross join (
    select count(*) as polled_stores
    from core.polled_store
    where file_id not in (select file_id from core.file where state in ('loading', 'staged'))
) as left_store;

-- name: delete_intervals
-- The staged intervals of files that are no longer staged.
--
-- reads   core.file
-- writes  core.staged_interval
delete from core.staged_interval
where file_id not in (select file_id from core.file where state in ('loading', 'staged'));

-- name: delete_stores
-- The polled stores of files that are no longer staged.
--
-- reads   core.file
-- writes  core.polled_store
delete from core.polled_store
where file_id not in (select file_id from core.file where state in ('loading', 'staged'));
