-- How many stores of a report lie in each twentieth of uptime / (uptime + downtime) in one period.
--
-- reads   report.store_uptime
-- binds   report_id, period
--
-- twentieth is 0 to 19 (19 includes all of the time), null for stores without uptime or downtime.
with store as (
    select
        case cast(:period as text)
            when 'last_hour' then uptime_last_hour_us
            when 'last_day' then uptime_last_day_us
            else uptime_last_week_us
        end as up_us,
        case cast(:period as text)
            when 'last_hour' then downtime_last_hour_us
            when 'last_day' then downtime_last_day_us
            else downtime_last_week_us
        end as down_us
    from report.store_uptime
    where report_id = :report_id
)

select
    case when up_us + down_us > 0 then least(up_us * 20 / (up_us + down_us), 19) end as twentieth,
    count(*) as stores,
    count(*) filter (where up_us > 0 and down_us = 0) as always_up,
    count(*) filter (where down_us > 0 and up_us = 0) as always_down
from store
group by twentieth
order by twentieth
