-- name: create_month
-- The table for the polls of a month (UTC), which is created if it is not there.
--
-- writes  core.poll_day_YYYY_MM, the table itself
-- yields  its name
-- binds   month (its first day)
select core.create_poll_month(:month) as poll_table;

-- name: lock_months
-- Keeps the tables of months from being dropped until the transaction ends; new ones may come.
select pg_advisory_xact_lock_shared(hashtextextended('core.poll months', 0));

-- name: copy
-- writes  core.poll_day, one row per store and day of a sorted batch
copy core.poll_day (
    store_key, first_polled_at, last_polled_at, longest_gap_us, utc_day, file_id, row_no, polls, instants, statuses
)
from stdin with (format "binary");

-- name: clear
-- The polls of a file that is rejected or discarded. The bounds let the server skip months without polls of the file.
--
-- writes  core.poll_day
-- binds   file_id, first_polled_at, last_polled_at (of the file; null: it has no polls)
delete from core.poll_day
where
    file_id = :file_id
    and utc_day between cast(cast(:first_polled_at as timestamptz) at time zone 'UTC' as date)
    and cast(cast(:last_polled_at as timestamptz) at time zone 'UTC' as date);
