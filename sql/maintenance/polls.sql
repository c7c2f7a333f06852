-- name: find_newest
-- The newest poll that reports may use; null without any.
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
-- How many polls there are before the first month to keep, in the months that go and in core.poll_early.
--
-- reads   core.poll
-- binds   kept_from (the first day of a month)
select count(*) as polls
from core.poll
where polled_at < cast(:kept_from as timestamp) at time zone 'UTC';

-- name: count_bridging
-- How many of the polls before the first month to keep stay, because the weeks after them rest on them.
--
-- reads   core.poll, core.acceptance, report.report
-- binds   kept_from (the first day of a month)
select count(*) as polls
from core.bridging_polls(:kept_from);

-- name: limit_lock_wait
-- How long this transaction waits for others: whoever waits for a table to be free keeps all who come later waiting.
--
-- binds   milliseconds
select set_config('lock_timeout', cast(:milliseconds as text), true);

-- name: lock_months
-- Waits until nobody fills months of polls that others fill too, and keeps them from it until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('core.poll months', 0));

-- name: drop
-- The months of polls before one go, and with them whatever core.poll_early holds to no purpose.
--
-- writes  core.poll_YYYY_MM (dropped), core.poll_early, core.poll_horizon
-- binds   kept_from (the first day of a month), moved_at
--
-- Reports wait while the tables change places, which takes no time; loads wait from the beginning.
select core.forget_polls(:kept_from, :moved_at);
