-- name: newest
-- The newest forecast, if it is of what is settled: of how many stores, of all.
--
-- reads   history.forecast_run, history.newest_settlement
-- yields  one row, or none
select
    forecast_run.stores,
    forecast_run.of_stores
from history.forecast_run
inner join history.newest_settlement on forecast_run.settlement_id = newest_settlement.settlement_id;

-- name: weeks
-- The last weeks that are scored.
--
-- reads   history.scored_week
-- yields  one row for each, by date
-- binds   weeks (how many)
select week_from
from (
    select week_from
    from history.scored_week
    order by week_from desc
    limit :weeks
) as latest
order by week_from;

-- name: scores
-- How good forecasts were in some weeks, by date: squared errors of some stores, added up.
--
-- reads   history.forecast_score
-- yields  one row for each week and weekday (0 is Monday) on which there were any, by date
-- binds   weeks, store_keys (null: all)
select
    forecast_score.week_from,
    part.number - 1 as weekday,
    sum(part.hours) as hours,
    sum(part.model) as model,
    sum(part.climatology) as climatology,
    sum(part.persistence) as persistence
from history.forecast_score
cross join lateral unnest(
    forecast_score.hours, forecast_score.model, forecast_score.climatology, forecast_score.persistence
) with ordinality as part (hours, model, climatology, persistence, number)
where
    forecast_score.week_from = any(cast(:weeks as date[]))
    and (cast(:store_keys as bigint[]) is null or forecast_score.store_key = any(cast(:store_keys as bigint[])))
    and part.hours > 0
group by forecast_score.week_from, part.number
order by forecast_score.week_from, part.number;

-- name: list
-- The forecast of stores, with how good it was in some weeks.
--
-- reads   history.forecast, history.forecast_score, history.store_group
-- yields  one row for each store, by id in byte order
-- binds   weeks, store_keys (null: all)
select
    store.name as store_id,
    forecast.store_key,
    forecast.hours,
    forecast.open_parts,
    forecast.probabilities,
    forecast.rate_later,
    forecast.hours_down_per_hour,
    scored.model / scored.hours as brier_score,
    scored.climatology / scored.hours as brier_climatology,
    scored.persistence / scored.hours as brier_persistence
from history.forecast
inner join history.store_group as store on forecast.store_key = store.store_key and store.kind = 'store'
inner join (
    select
        forecast_score.store_key,
        sum(part.hours) as hours,
        sum(part.model) as model,
        sum(part.climatology) as climatology,
        sum(part.persistence) as persistence
    from history.forecast_score
    cross join lateral unnest(
        forecast_score.hours, forecast_score.model, forecast_score.climatology, forecast_score.persistence
    ) as part (hours, model, climatology, persistence)
    where
        forecast_score.week_from = any(cast(:weeks as date[]))
        and (cast(:store_keys as bigint[]) is null or forecast_score.store_key = any(cast(:store_keys as bigint[])))
    group by forecast_score.store_key
    having sum(part.hours) > 0
) as scored on forecast.store_key = scored.store_key
where cast(:store_keys as bigint[]) is null or forecast.store_key = any(cast(:store_keys as bigint[]))
order by store.name collate "C";
