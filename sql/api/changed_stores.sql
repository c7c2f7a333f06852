-- How many stores changed in one period since the previous report, and those that lost most.
--
-- reads   report.store_period
-- binds   report_id, before_id, period, drop_rows
--
-- At least one row; the counts are the same in all. A store without uptime or downtime in one of the reports is not
-- compared.
with now as (
    select
        store_key,
        store_id,
        uptime_us / nullif(0.0 + uptime_us + downtime_us, 0) as up
    from report.store_period
    where report_id = :report_id and period = :period
),

before as (
    select
        store_key,
        uptime_us / nullif(0.0 + uptime_us + downtime_us, 0) as up
    from report.store_period
    where report_id = :before_id and period = :period
),

compared as (
    select
        now.store_id,
        now.up as up_now,
        before.up as up_before,
        now.store_key is null as is_gone,
        before.store_key is null as is_new
    from now
    full join before on now.store_key = before.store_key
),

counted as (
    select
        count(*) filter (where up_now > up_before) as stores_better,
        count(*) filter (where up_now < up_before) as stores_worse,
        count(*) filter (where is_new) as stores_new,
        count(*) filter (where is_gone) as stores_gone
    from compared
),

dropped as (
    select
        store_id,
        up_before,
        up_now
    from compared
    where up_now < up_before
    order by up_now - up_before, store_id collate "C"
    limit :drop_rows
)

select
    counted.*,
    dropped.store_id,
    dropped.up_before,
    dropped.up_now
from counted
left join dropped on true
order by dropped.up_now - dropped.up_before, dropped.store_id collate "C"
