-- How many of the polls before the first month to keep stay, because the weeks after them rest on them.
--
-- reads   core.poll, core.acceptance, report.report
-- binds   kept_from (the first day of a month)
select count(*) as polls
from core.bridging_polls(:kept_from)
