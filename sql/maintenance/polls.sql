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
-- reads   core.poll_day's partitions
-- yields  one row per table, oldest first
select
    'core.' || pg_class.relname as table_name,
    to_date(substr(pg_class.relname, 10), 'YYYY_MM') as month
from pg_inherits
inner join pg_class on pg_inherits.inhrelid = pg_class.oid
where pg_inherits.inhparent = cast('core.poll_day' as regclass) and pg_class.relname <> 'poll_day_early'
order by pg_class.relname;

-- name: first_month
-- The first month whose polls are all kept.
--
-- reads   core.poll_horizon
select core.first_poll_month();

-- name: count
-- How many polls there are before the first month to keep: in the months to drop and in core.poll_day_early.
--
-- reads   core.poll_day
-- binds   kept_from (the first day of a month)
select coalesce(sum(polls), 0) as polls
from core.poll_day
where utc_day < :kept_from;

-- name: count_bridging
-- How many of the polls before the first month to keep stay, because reports of the weeks after it need them.
--
-- reads   core.poll_day, core.acceptance, report.report
-- binds   kept_from (the first day of a month)
select coalesce(sum(polls), 0) as polls
from core.bridging_polls(:kept_from);

-- name: limit_lock_wait
-- How long this transaction waits for a lock: while it waits for a table, all who come later wait as well.
--
-- binds   milliseconds
select set_config('lock_timeout', cast(:milliseconds as text), true);

-- name: lock_months
-- Waits until no loader fills a month, and keeps loaders waiting until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('core.poll months', 0));

-- name: drop
-- Drops the months of polls before a month, and what reports no longer need of core.poll_day_early.
--
-- writes  core.poll_day_YYYY_MM (dropped), core.poll_day_early, core.poll_horizon
-- yields  how many polls were dropped
-- binds   kept_from (the first day of a month), moved_at
--
-- Reports wait only while tables are exchanged, which takes no time; loaders wait from the beginning.
select core.forget_polls(:kept_from, :moved_at);

-- name: list_mergeable
-- The months in which polls of accepted files on days that are over are in more rows than they need.
--
-- reads   core.poll_day, core.file
-- yields  one row per month: how many rows it has, and how many of them can go
-- binds   over_before (the first day that is not over), max_polls (of a row)
--
-- Only from the first month on that has polls of a file that is not marked as merged.
select
    of_day.month,
    cast(sum(of_day.rows) as bigint) as rows,
    cast(sum(of_day.rows_to_go) as bigint) as rows_to_go
from (
    select
        poll_day.store_key,
        poll_day.utc_day,
        cast(date_trunc('month', poll_day.utc_day) as date) as month,
        count(*) as rows,
        case
            when poll_day.utc_day < :over_before then
                greatest(
                    count(*) filter (where file.state = 'accepted') - ceil(
                        coalesce(sum(poll_day.polls) filter (where file.state = 'accepted'), 0)
                        / cast(:max_polls as numeric)
                    ),
                    0
                )
            else 0
        end as rows_to_go
    from core.poll_day
    inner join core.file using (file_id)
    where
        poll_day.utc_day >= core.first_poll_month()
        and poll_day.utc_day >= (
            select date_trunc('month', min(unmerged.first_polled_at) at time zone 'UTC')
            from core.file as unmerged
            where unmerged.kind = 'store_status' and unmerged.state = 'accepted' and not unmerged.is_merged
        )
    group by poll_day.store_key, poll_day.utc_day
) as of_day
group by of_day.month
having sum(of_day.rows_to_go) > 0
order by of_day.month;

-- name: merge
-- Writes the table of a month anew, with as few rows as the polls of each store and day fit in.
--
-- writes  core.poll_day_YYYY_MM
-- yields  by how many rows the table is smaller
-- binds   month (its first day), over_before (the first day that is not over), max_polls (of a row)
--
-- Reports wait only while tables are exchanged, which takes no time; loaders wait from the beginning.
select core.merge_polls(:month, :over_before, :max_polls);

-- name: mark_merged
-- Files whose polls are all on days that are over, in months that have been merged or need not be.
--
-- writes  core.file.is_merged
-- binds   merged_before (a day), accepted_order (files accepted later are not meant)
update core.file
set is_merged = true
from core.acceptance
where
    file.file_id = acceptance.file_id
    and file.kind = 'store_status'
    and file.state = 'accepted'
    and not file.is_merged
    and file.last_polled_at < cast(:merged_before as timestamp) at time zone 'UTC'
    and acceptance.accepted_order <= :accepted_order;

-- name: newest_acceptance
-- The position of the log of acceptances now.
--
-- reads   core.acceptance
select coalesce(max(accepted_order), 0)
from core.acceptance;
