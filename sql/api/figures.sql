-- The figures of all stores in exact microseconds, as the CSV that the other formats are made from.
--
-- reads   report.store_uptime, report.store
-- writes  one line per store, in byte order of store_id
-- binds   report_id
copy (
    select
        u.store_id,
        s.timezone,
        u.open_last_hour_us,
        u.open_last_day_us,
        u.open_last_week_us,
        u.uptime_last_hour_us,
        u.uptime_last_day_us,
        u.uptime_last_week_us,
        u.downtime_last_hour_us,
        u.downtime_last_day_us,
        u.downtime_last_week_us,
        u.unknown_last_hour_us,
        u.unknown_last_day_us,
        u.unknown_last_week_us
    from report.store_uptime as u
    inner join report.store as s on u.report_id = s.report_id and u.store_key = s.store_key
    where u.report_id = %(report_id)s
    order by u.store_id collate "C"
) to stdout with (format csv, header)
