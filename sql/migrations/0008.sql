-- A `union all`, not a lateral list of values: where a statement is about one period, the planner drops the others and
-- plans it as if it read report.store_uptime itself, by its indexes and in their order.
create view report.store_period as
select
    report_id,
    store_key,
    store_id,
    'last_hour' as period,
    open_last_hour_us as open_us,
    uptime_last_hour_us as uptime_us,
    downtime_last_hour_us as downtime_us,
    unknown_last_hour_us as unknown_us
from report.store_uptime
union all
select
    report_id,
    store_key,
    store_id,
    'last_day',
    open_last_day_us,
    uptime_last_day_us,
    downtime_last_day_us,
    unknown_last_day_us
from report.store_uptime
union all
select
    report_id,
    store_key,
    store_id,
    'last_week',
    open_last_week_us,
    uptime_last_week_us,
    downtime_last_week_us,
    unknown_last_week_us
from report.store_uptime;

comment on view report.store_period is
'The figures of a report, one row per store and period, in exact microseconds.';

grant select on report.store_period to store_uptime_reader, store_uptime_writer;
