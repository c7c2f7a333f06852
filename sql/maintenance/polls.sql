-- name: find_newest
-- The newest poll that reports may use; null if there is none.
--
-- reads   core.file
select max(last_polled_at)
from core.file
where kind = 'store_status' and state = 'accepted';

-- name: list_months
-- The months that have a table of their own.
--
-- reads   core.poll's partitions
-- yields  one row per table, oldest first
select
    'core.' || pg_class.relname as table_name,
    to_date(substr(pg_class.relname, 6), 'YYYY_MM') as month
from pg_inherits
inner join pg_class on pg_inherits.inhrelid = pg_class.oid
where pg_inherits.inhparent = cast('core.poll' as regclass) and pg_class.relname <> 'poll_early'
order by pg_class.relname;

-- name: first_month
-- The first month whose polls are all kept.
--
-- reads   core.poll_horizon
select core.first_poll_month();

-- name: count
-- How many polls there are before the first month to keep: in the months to drop and in core.poll_early.
--
-- reads   core.poll
-- binds   kept_from (the first day of a month)
select count(*) as polls
from core.poll
where polled_at < cast(:kept_from as timestamp) at time zone 'UTC';

-- name: count_bridging
-- How many of the polls before the first month to keep stay, because reports of the weeks after it need them.
--
-- reads   core.poll, core.acceptance, report.report
-- binds   kept_from (the first day of a month)
select count(*) as polls
from core.bridging_polls(:kept_from);

-- name: limit_lock_wait
-- How long this transaction waits for a lock: while it waits for a table, all who come later wait as well.
--
-- binds   milliseconds
select set_config('lock_timeout', cast(:milliseconds as text), true);

-- name: lock_months
-- Waits until no loader fills a month that others may fill too, and keeps loaders waiting until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('core.poll months', 0));

-- name: drop
-- Drops the months of polls before a month, and what reports no longer need of core.poll_early.
--
-- writes  core.poll_YYYY_MM (dropped), core.poll_early, core.poll_horizon
-- yields  how many polls were dropped
-- binds   kept_from (the first day of a month), moved_at
--
-- Reports wait only while tables are exchanged, which takes no time; loaders wait from the beginning.
select core.forget_polls(:kept_from, :moved_at);
