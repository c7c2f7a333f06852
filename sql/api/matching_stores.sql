-- How many stores of a report its list shows under the filters of stores.sql.
--
-- reads   report.store_period
-- binds   report_id, pattern, period, percent_from, percent_to, no_percent
select count(*)
from report.store_period
where
    report_id = :report_id
    and period = :period
    and (cast(:pattern as text) is null or lower(store_id collate "C") like :pattern)
    and (not :no_percent or uptime_us + downtime_us = 0)
    and (
        cast(:percent_from as integer) is null
        or (
            uptime_us + downtime_us > 0
            and uptime_us * 100 >= :percent_from * (uptime_us + downtime_us)
            and (:percent_to = 100 or uptime_us * 100 < :percent_to * (uptime_us + downtime_us))
        )
    )
