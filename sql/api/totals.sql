-- A report's figures summed over its stores, exact: a row for each period, none for a report without stores.
--
-- reads   report.store_period
-- binds   report_id
select
    period,
    sum(open_us) as open_us,
    sum(uptime_us) as uptime_us,
    sum(downtime_us) as downtime_us,
    sum(unknown_us) as unknown_us
from report.store_period
where report_id = :report_id
group by period
order by period
