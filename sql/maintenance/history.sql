-- name: first_date
-- The first date whose days stay: `keep_days` before the newest settlement's as_of, and one more, since a settlement
-- that begins there goes on from the day before. Null if nothing is settled.
--
-- reads   history.newest_settlement
-- binds   keep_days
select cast(as_of at time zone 'UTC' as date) - :keep_days - 1 as first_date
from history.newest_settlement;

-- name: count
-- How many rows of history there are before a date.
--
-- reads   history.day, history.outage, history.restatement, history.anomaly
-- yields  one row
-- binds   kept_from (a date)
select
    old_day.days,
    old_outage.outages,
    old_restatement.restatements,
    old_anomaly.anomalies
from (
    select count(*) as days
    from history.day
    where local_date < :kept_from
) as old_day
cross join (
    select count(*) as outages
    from history.outage
    where
        ended_on < :kept_from
        and (
            ended_by = 'up'
            or exists (
                select
                from history.outage as later
                where later.store_key = outage.store_key and later.started_at > outage.started_at
            )
        )
) as old_outage
cross join (
    select count(*) as restatements
    from history.restatement
    where local_date < :kept_from
) as old_restatement
cross join (
    select count(*) as anomalies
    from history.anomaly
    where local_date < :kept_from
) as old_anomaly;

-- name: delete_days
-- writes  history.day
-- binds   kept_from (a date)
delete from history.day
where local_date < :kept_from;

-- name: delete_months
-- The sums of months with days that are gone.
--
-- writes  history.store_month
-- binds   kept_from (a date)
delete from history.store_month
where first_date < :kept_from;

-- name: add_month
-- The sums of the month of a date, over its days that stay.
--
-- reads   history.day
-- writes  history.store_month
-- binds   kept_from (a date)
insert into history.store_month (
    store_key, month, first_date, last_date, last_final_date, days, open_us, planned_us, up_us, down_us, unknown_us,
    opened_late_us, closed_early_us, missed_openings
)
select
    store_key,
    cast(date_trunc('month', cast(local_date as timestamp)) as date) as month,
    min(local_date) as first_date,
    max(local_date) as last_date,
    max(local_date) filter (where is_final) as last_final_date,
    count(*) as days,
    cast(sum(open_us) as bigint) as open_us,
    cast(sum(planned_us) as bigint) as planned_us,
    cast(sum(up_us) as bigint) as up_us,
    cast(sum(down_us) as bigint) as down_us,
    cast(sum(unknown_us) as bigint) as unknown_us,
    cast(sum(opened_late_us) as bigint) as opened_late_us,
    cast(sum(closed_early_us) as bigint) as closed_early_us,
    cast(sum(missed_openings) as bigint) as missed_openings
from history.day
where
    local_date >= :kept_from
    and local_date < date_trunc('month', cast(cast(:kept_from as date) as timestamp)) + interval '1 month'
group by store_key, month
on conflict (store_key, month) do nothing;

-- name: delete_outages
-- Outages that are over. A store's last one is not if it ended with unknown time: more downtime may go on with it.
--
-- writes  history.outage
-- binds   kept_from (a date)
delete from history.outage
where
    ended_on < :kept_from
    and (
        ended_by = 'up'
        or exists (
            select
            from history.outage as later
            where later.store_key = outage.store_key and later.started_at > outage.started_at
        )
    );

-- name: delete_outage_days
-- The downtime by date of outages that are gone. That of others stays, from the first date on: it is one outage.
--
-- reads   history.outage
-- writes  history.outage_day
-- binds   kept_from (a date)
delete from history.outage_day
where
    local_date < :kept_from
    and not exists (
        select
        from history.outage
        where outage.store_key = outage_day.store_key and outage.started_at = outage_day.started_at
    );

-- name: delete_restatements
-- writes  history.restatement
-- binds   kept_from (a date)
delete from history.restatement
where local_date < :kept_from;

-- name: delete_anomalies
-- writes  history.anomaly
-- binds   kept_from (a date)
delete from history.anomaly
where local_date < :kept_from;

-- name: delete_judged_dates
-- writes  history.judged_date
-- binds   kept_from (a date)
delete from history.judged_date
where local_date < :kept_from;

-- name: first_hours_date
-- The first date whose hours stay: `keep_days` before the newest settlement's as_of. Null if nothing is settled.
--
-- reads   history.newest_settlement
-- binds   keep_days
select cast(as_of at time zone 'UTC' as date) - :keep_days as first_date
from history.newest_settlement;

-- name: count_hours
-- How many rows of hours there are before a date.
--
-- reads   history.day_hours
-- binds   kept_from (a date)
select count(*)
from history.day_hours
where local_date < :kept_from;

-- name: delete_hours
-- writes  history.day_hours
-- binds   kept_from (a date)
delete from history.day_hours
where local_date < :kept_from;

-- name: count_scores
-- How many scores of forecasts there are of weeks that begin before a date.
--
-- reads   history.forecast_score
-- binds   kept_from (a date)
select count(*)
from history.forecast_score
where week_from < :kept_from;

-- name: delete_scores
-- writes  history.forecast_score
-- binds   kept_from (a date)
delete from history.forecast_score
where week_from < :kept_from;

-- name: delete_scored_weeks
-- writes  history.scored_week
-- binds   kept_from (a date)
delete from history.scored_week
where week_from < :kept_from;
