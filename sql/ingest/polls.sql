-- name: begin_month
-- The table that takes the polls of a month; other transactions that bring polls wait here.
--
-- writes  core.poll_YYYY_MM, the table itself if there is none
-- binds   month (its first day)
select
    poll_table,
    is_new
from core.begin_poll_month(:month);

-- name: finish_month
-- The table of a month becomes a partition of core.poll, with its key, if it is not one yet.
--
-- writes  core.poll_YYYY_MM
-- binds   month (its first day)
select core.finish_poll_month(:month);

-- name: lock_months
-- Keeps the months of polls where they are to the end of the transaction: they may become more, but none goes.
select pg_advisory_xact_lock_shared(hashtextextended('core.poll months', 0));

-- name: copy
-- writes  {table}, the table of a month: one row per poll of a part of a file
--
-- {freeze} is true for a table that is new in this transaction: its rows are then written as settled, which spares the
-- first reader from writing all of them once more.
copy {table} (store_key, polled_at, file_id, part_no, is_active)
from stdin with (format "binary", freeze {freeze});

-- name: clear
-- The polls of a file that is void. The bounds let the server skip the months that the file has no polls of.
--
-- writes  core.poll
-- binds   file_id, first_polled_at, last_polled_at (of the file; null: it has no polls)
delete from core.poll
where file_id = :file_id and polled_at between :first_polled_at and :last_polled_at;
