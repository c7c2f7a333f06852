-- name: copy_staged
-- writes  core.staged_run, one row per run of equal status of a store in a file
--
copy core.staged_run (file_id, store_key, started_at, is_active) from stdin with (format "binary");

-- name: analyze_staged
-- Fresh statistics of what status files brought, which is gone when they are accepted: what autovacuum knows of these
-- tables is how they were empty, and a plan for that would compare each new run with all others.
select core.analyze_staged();

-- name: list_files
-- Files by the time of their polls.
--
-- reads   core.file
-- binds   file_ids
select file_id
from core.file
where file_id = any(:file_ids) and first_polled_at is not null
order by first_polled_at;

-- name: clear_staged
-- The runs of files are in core.status_run now.
--
-- writes  core.staged_run
-- binds   file_ids
delete from core.staged_run
where file_id = any(:file_ids);
