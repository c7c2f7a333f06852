-- The first month whose polls are all kept.
--
-- reads   core.poll_horizon
select core.first_poll_month()
