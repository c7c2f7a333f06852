-- The first month whose polls are kept, if the week of a report begins before it; null if its polls are all there.
--
-- reads   core.poll_horizon
-- binds   week_start
select max(kept_from) as kept_from
from core.poll_horizon
where cast(kept_from as timestamp) at time zone 'UTC' > :week_start
