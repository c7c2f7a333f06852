-- The report as CSV: hours in minutes, days and weeks in hours, two decimals, half away from zero from exact values.
--
-- reads   report.store_uptime
-- writes  one line per store, in byte order of store_id
-- binds   report_id
copy (
    select
        store_id,
        round(uptime_last_hour_us / 60000000.0, 2) as uptime_last_hour,
        round(uptime_last_day_us / 3600000000.0, 2) as uptime_last_day,
        round(uptime_last_week_us / 3600000000.0, 2) as uptime_last_week,
        round(downtime_last_hour_us / 60000000.0, 2) as downtime_last_hour,
        round(downtime_last_day_us / 3600000000.0, 2) as downtime_last_day,
        round(downtime_last_week_us / 3600000000.0, 2) as downtime_last_week
    from report.store_uptime
    where report_id = %(report_id)s
    order by store_id collate "C"
) to stdout with (format csv, header)
