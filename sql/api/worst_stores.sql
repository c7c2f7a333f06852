-- The stores of a report that were up for the smallest part of a period; the longest downtime first among equals.
--
-- reads   report.store_uptime, report.store
-- binds   report_id, period, worst_rows
with store as (
    select
        u.*,
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
    from report.store_uptime as u
    where u.report_id = :report_id
),

worst as (
    select *
    from store
    where down_us > 0
    order by up_us / cast(up_us + down_us as double precision), down_us desc, store_id collate "C"
    limit :worst_rows
)

select
    worst.*,
    s.timezone,
    s.has_timezone,
    s.has_business_hours
from worst
inner join report.store as s on worst.report_id = s.report_id and worst.store_key = s.store_key
order by
    worst.up_us / cast(worst.up_us + worst.down_us as double precision),
    worst.down_us desc,
    worst.store_id collate "C"
