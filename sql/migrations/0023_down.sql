drop table history.forecast, history.forecast_run, history.forecast_score, history.scored_week;
