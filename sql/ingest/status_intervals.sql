-- name: copy_staged
-- writes  core.staged_interval, one row per status interval of a store in a file
copy core.staged_interval (file_id, store_key, started_at, is_active) from stdin with (format "binary");

-- name: analyze_staged
-- Statistics of the tables that hold what is staged. They are empty between two loads, and autovacuum's statistics say
-- so: a plan made from those would compare each new interval with all others.
select core.analyze_staged();

-- name: clear_staged
-- The staged intervals of files that are accepted (core.status_interval has them), rejected or discarded.
--
-- writes  core.staged_interval
-- binds   file_ids
delete from core.staged_interval
where file_id = any(:file_ids);
