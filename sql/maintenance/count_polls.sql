-- How many polls there are before the first month to keep, in the months that go and in core.poll_early.
--
-- reads   core.poll
-- binds   kept_from (the first day of a month)
select count(*) as polls
from core.poll
where polled_at < cast(:kept_from as timestamp) at time zone 'UTC'
