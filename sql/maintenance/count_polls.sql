-- How many polls there are before the first month to keep, in the months that go and in core.poll_early, and how many
-- of them stay because the weeks after them rest on them.
--
-- reads   core.poll, core.acceptance, report.report
-- binds   kept_from (the first day of a month)
select
    count(*) as polls,
    (select count(*) from core.bridging_polls(:kept_from)) as bridging_polls
from core.poll
where polled_at < cast(:kept_from as timestamp) at time zone 'UTC'
