-- The table of a month becomes a partition of core.poll, with its key, if it is not one yet.
--
-- writes  core.poll_YYYY_MM
-- binds   month (its first day)
select core.finish_poll_month(:month)
