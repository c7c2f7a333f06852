-- name: lock
-- One process at a time forecasts.
select pg_advisory_xact_lock(hashtextextended('forecast', 0));

-- name: find_dates
-- The first date that has hours, the last that is over on the calendar of every store, and the weeks to score: of the
-- last ones that are over, those that were not scored since their days, or days that they rest on, were settled
-- otherwise.
--
-- reads   history.day, history.day_hours, history.restatement, history.scored_week
-- yields  one row; dates are null if there are no hours
-- binds   least_days (with hours before a week that is scored), weeks (how many of the last ones), days (that a week
--         rests on before it)
with known as (
    select
        span.first_date,
        coalesce(running.local_date - 1, span.last_date) as last_date
    from (
        select
            min(local_date) as first_date,
            max(local_date) as last_date
        from history.day_hours
    ) as span
    cross join (
        select min(local_date) as local_date
        from history.day
        where not is_final
    ) as running
),

week as (
    select cast(monday as date) as week_from
    from known
    cross join lateral generate_series(
        date_trunc('week', cast(known.last_date + 1 as timestamp)) - :weeks * interval '7 days',
        date_trunc('week', cast(known.last_date + 1 as timestamp)) - interval '7 days',
        interval '7 days'
    ) as mondays (monday)
    where cast(monday as date) - known.first_date >= :least_days
),

unscored as (
    select week.week_from
    from week
    left join history.scored_week on week.week_from = scored_week.week_from
    where scored_week.week_from is null
    union
    select week.week_from
    from week
    inner join history.scored_week on week.week_from = scored_week.week_from
    inner join (
        select
            local_date,
            max(settlement_id) as settlement_id
        from history.restatement
        group by local_date
    ) as restatement
        on
            restatement.local_date between week.week_from - cast(:days as integer) and week.week_from + 6
            and restatement.settlement_id > scored_week.settlement_id
)

select
    known.first_date,
    known.last_date,
    coalesce(unscored.weeks, '{}') as weeks
from known
cross join (
    select array_agg(week_from order by week_from) as weeks
    from unscored
) as unscored;

-- name: is_made
-- Whether the forecast of a settlement is made.
--
-- reads   history.forecast_run
-- binds   settlement_id
select count(*) > 0 as is_made
from history.forecast_run
where settlement_id = :settlement_id;

-- name: delete_scores
-- writes  history.forecast_score
-- binds   weeks
delete from history.forecast_score
where week_from = any(cast(:weeks as date[]));

-- name: delete_weeks
-- writes  history.scored_week
-- binds   weeks
delete from history.scored_week
where week_from = any(cast(:weeks as date[]));

-- name: add_week
-- writes  history.scored_week, one row
-- binds   week_from, settlement_id, scored_at, weights
insert into history.scored_week (week_from, settlement_id, scored_at, weights)
values (:week_from, :settlement_id, :scored_at, :weights);

-- name: add_scores
-- The scores of a week: arrays with seven numbers for each store, one store after the other.
--
-- writes  history.forecast_score, one row for each store
-- binds   week_from, store_keys, hours, model, climatology, persistence, evidence
insert into history.forecast_score (store_key, week_from, hours, model, climatology, persistence, evidence)
select
    store_key,
    cast(:week_from as date),
    (cast(:hours as integer[]))[(number - 1) * 7 + 1:number * 7],
    (cast(:model as double precision[]))[(number - 1) * 7 + 1:number * 7],
    (cast(:climatology as double precision[]))[(number - 1) * 7 + 1:number * 7],
    (cast(:persistence as double precision[]))[(number - 1) * 7 + 1:number * 7],
    (cast(:evidence as double precision[]))[(number - 1) * 7 + 1:number * 7]
from unnest(cast(:store_keys as bigint[])) with ordinality as scored (store_key, number);

-- name: read_scores
-- The scores of stores in some weeks.
--
-- reads   history.forecast_score
-- yields  one row for each store and week, by store and week
-- binds   weeks
select
    store_key,
    week_from,
    hours,
    model,
    climatology,
    persistence,
    evidence
from history.forecast_score
where week_from = any(cast(:weeks as date[]))
order by store_key, week_from;

-- name: delete_forecast
-- writes  history.forecast
delete from history.forecast
where store_key is not null;

-- name: delete_run
-- writes  history.forecast_run
delete from history.forecast_run
where settlement_id is not null;

-- name: add_run
-- writes  history.forecast_run, one row
-- binds   settlement_id, made_at, stores, of_stores, weights
insert into history.forecast_run (settlement_id, made_at, stores, of_stores, weights)
values (:settlement_id, :made_at, :stores, :of_stores, :weights);

-- name: add
-- The next hours of stores: arrays with the numbers of one store after the other, and where each begins and ends.
--
-- writes  history.forecast, one row for each store
-- binds   store_keys, firsts, lasts, rates_later (one for each store); hours, open_parts, probabilities;
--         hours_down_per_hour
insert into history.forecast (store_key, hours, open_parts, probabilities, rate_later, hours_down_per_hour)
select
    store_key,
    (cast(:hours as integer[]))[first:last],
    (cast(:open_parts as integer[]))[first:last],
    (cast(:probabilities as double precision[]))[first:last],
    rate_later,
    :hours_down_per_hour
from unnest(
    cast(:store_keys as bigint[]),
    cast(:firsts as integer[]),
    cast(:lasts as integer[]),
    cast(:rates_later as double precision[])
) as made (store_key, first, last, rate_later);
