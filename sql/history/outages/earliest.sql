-- When the first of the outages starts that may meet dates.
--
-- reads   history.outage
-- yields  one row; null without such outages
-- binds   from_date, until_date
select min(started_at) as started_at
from history.outage
where started_on <= cast(:until_date as date) + 3 and ended_on >= cast(:from_date as date) - 3
