-- How many stores of a report lie in each twentieth of uptime / (uptime + downtime) in one period.
--
-- reads   report.store_period
-- binds   report_id, period
--
-- twentieth is 0 to 19 (19 includes all of the time), null for stores without uptime or downtime.
select
    case
        when uptime_us + downtime_us > 0 then least(uptime_us * 20 / (uptime_us + downtime_us), 19)
    end as twentieth,
    count(*) as stores,
    count(*) filter (where uptime_us > 0 and downtime_us = 0) as always_up,
    count(*) filter (where downtime_us > 0 and uptime_us = 0) as always_down
from report.store_period
where report_id = :report_id and period = :period
group by twentieth
order by twentieth
