-- How many stores of a report its list shows under the filters of stores.sql.
--
-- reads   report.store_period, report.store (by its key)
-- binds   report_id, pattern, timezone, period, percent_from, percent_to, no_percent
select count(*)
from report.store_period as p
where
    p.report_id = :report_id
    and p.period = :period
    and (cast(:pattern as text) is null or lower(p.store_id collate "C") like :pattern)
    and (
        cast(:timezone as text) is null
        or exists (
            select
            from report.store as s
            where s.report_id = p.report_id and s.store_key = p.store_key and s.timezone = :timezone
        )
    )
    and (not :no_percent or p.uptime_us + p.downtime_us = 0)
    and (
        cast(:percent_from as numeric) is null
        or (
            p.uptime_us + p.downtime_us > 0
            and p.uptime_us * 100 >= :percent_from * (p.uptime_us + p.downtime_us)
            and (:percent_to = 100 or p.uptime_us * 100 < :percent_to * (p.uptime_us + p.downtime_us))
        )
    )
