-- A report's figures summed over its stores, exact.
--
-- reads   report.store_uptime
-- binds   report_id
select
    coalesce(sum(open_last_hour_us), 0) as open_last_hour_us,
    coalesce(sum(open_last_day_us), 0) as open_last_day_us,
    coalesce(sum(open_last_week_us), 0) as open_last_week_us,
    coalesce(sum(uptime_last_hour_us), 0) as uptime_last_hour_us,
    coalesce(sum(uptime_last_day_us), 0) as uptime_last_day_us,
    coalesce(sum(uptime_last_week_us), 0) as uptime_last_week_us,
    coalesce(sum(downtime_last_hour_us), 0) as downtime_last_hour_us,
    coalesce(sum(downtime_last_day_us), 0) as downtime_last_day_us,
    coalesce(sum(downtime_last_week_us), 0) as downtime_last_week_us,
    coalesce(sum(unknown_last_hour_us), 0) as unknown_last_hour_us,
    coalesce(sum(unknown_last_day_us), 0) as unknown_last_day_us,
    coalesce(sum(unknown_last_week_us), 0) as unknown_last_week_us
from report.store_uptime
where report_id = :report_id
