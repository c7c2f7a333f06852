drop table history.anomaly, history.judged_date, history.new_day_hours, history.day_hours;
alter table history.settlement drop has_hours;
