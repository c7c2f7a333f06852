-- name: begin_month
-- The table for the polls of a month; other transactions that begin a month wait here until this one ends.
--
-- writes  core.poll_YYYY_MM, the table itself if it does not exist
-- yields  its name, and whether it is new and not yet a part of core.poll
-- binds   month (its first day)
select
    poll_table,
    is_new
from core.begin_poll_month(:month);

-- name: finish_month
-- The table of a month gets its key and becomes a part of core.poll, if it is not one yet.
--
-- writes  core.poll_YYYY_MM
-- binds   month (its first day)
select core.finish_poll_month(:month);

-- name: lock_months
-- Keeps the tables of months from being dropped until the transaction ends; new ones may come.
select pg_advisory_xact_lock_shared(hashtextextended('core.poll months', 0));

-- name: copy
-- writes  {table}, the table of a month: one row per poll of a sorted batch
--
-- {freeze} is true for a table that is new in this transaction: its rows are then written as frozen, which saves the
-- first reader from writing all of them again.
copy {table} (store_key, polled_at, file_id, part_no, is_active)
from stdin with (format "binary", freeze {freeze});

-- name: clear
-- The polls of a file that is rejected or discarded. The bounds let the server skip months without polls of the file.
--
-- writes  core.poll
-- binds   file_id, first_polled_at, last_polled_at (of the file; null: it has no polls)
delete from core.poll
where file_id = :file_id and polled_at between :first_polled_at and :last_polled_at;
