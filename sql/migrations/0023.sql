-- a forecast, and how good forecasts have been ------------------------------------------------------------------------

create table history.scored_week (
    week_from date not null primary key,
    settlement_id integer not null,
    scored_at timestamptz not null,
    weights double precision[] not null
);
comment on table history.scored_week is 'The weeks that were forecast from what was known before, and compared.';
comment on column history.scored_week.week_from is 'Its Monday, on each store''s calendar.';
comment on column history.scored_week.settlement_id is
'What was settled then: a week is scored again if days were restated since that it rests on.';
comment on column history.scored_week.weights is 'Of the predictors, fitted to the weeks before.';

create table history.forecast_score (
    store_key bigint not null,
    week_from date not null,
    hours integer[] not null,
    model double precision[] not null,
    climatology double precision[] not null,
    persistence double precision[] not null,
    evidence double precision[] not null,
    primary key (store_key, week_from)
);
comment on table history.forecast_score is 'How good the forecasts of a store in a week were, by date: seven of each.';
comment on column history.forecast_score.hours is 'How many forecasts of an hour there were.';
comment on column history.forecast_score.model is
'The squared errors of their probabilities, added up; as of climatology and persistence.';
comment on column history.forecast_score.evidence is
'How much likelier what happened is by the model than by climatology, as a logarithm, added up over hours.';

create table history.forecast_run (
    settlement_id integer not null primary key,
    made_at timestamptz not null,
    stores integer not null,
    of_stores integer not null,
    weights double precision[] not null
);
comment on table history.forecast_run is 'The newest forecast, as of a settlement: of so many stores, of all.';

create table history.forecast (
    store_key bigint not null primary key,
    hours integer[] not null,
    open_parts integer[] not null,
    probabilities double precision[] not null,
    rate_later double precision not null,
    hours_down_per_hour double precision not null
);
comment on table history.forecast is
'The next open hours of the stores whose forecasts beat climatology and persistence, and how likely each is down.';
comment on column history.forecast.hours is 'UTC clock hours since 1970.';
comment on column history.forecast.open_parts is 'How much of each hour is open, in parts of 15 seconds.';
comment on column history.forecast.rate_later is 'The probability that any hour after these is down.';
comment on column history.forecast.hours_down_per_hour is
'What a probability is multiplied by for expected downtime: hours that are down are not down all the time, and others '
'are not up all the time.';

grant select on history.scored_week, history.forecast_score, history.forecast_run, history.forecast
to store_uptime_reader, store_uptime_writer;
grant insert, update, delete on history.scored_week, history.forecast_score, history.forecast_run, history.forecast
to store_uptime_writer;
