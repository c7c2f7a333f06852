-- The months of polls before one go, and with them whatever core.poll_early holds to no purpose.
--
-- writes  core.poll_YYYY_MM (dropped), core.poll_early, core.poll_horizon
-- binds   kept_from (the first day of a month), moved_at
--
-- Reports wait while the tables change places, which takes no time; loads wait from the beginning.
select core.forget_polls(:kept_from, :moved_at)
