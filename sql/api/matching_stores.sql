-- How many stores of a report its list shows under the filters of stores.sql.
--
-- reads   report.store_uptime
-- binds   report_id, pattern, period, percent_from, percent_to, no_percent
select count(*)
from report.store_uptime as u
cross join lateral (
    select
        case cast(:period as text)
            when 'last_hour' then u.uptime_last_hour_us
            when 'last_day' then u.uptime_last_day_us
            else u.uptime_last_week_us
        end as up_us,
        case cast(:period as text)
            when 'last_hour' then u.downtime_last_hour_us
            when 'last_day' then u.downtime_last_day_us
            else u.downtime_last_week_us
        end as down_us
) as measured
where
    u.report_id = :report_id
    and (cast(:pattern as text) is null or lower(u.store_id collate "C") like :pattern)
    and (not :no_percent or measured.up_us + measured.down_us = 0)
    and (
        cast(:percent_from as integer) is null
        or (
            measured.up_us + measured.down_us > 0
            and measured.up_us * 100 >= :percent_from * (measured.up_us + measured.down_us)
            and (:percent_to = 100 or measured.up_us * 100 < :percent_to * (measured.up_us + measured.down_us))
        )
    )
