-- The table that takes the polls of a month; other transactions that bring polls wait here.
--
-- writes  core.poll_YYYY_MM, the table itself if there is none
-- binds   month (its first day)
select
    poll_table,
    is_new
from core.begin_poll_month(:month)
