alter table history.new_day replica identity default;
alter table history.new_day add primary key (store_key, local_date);
alter table history.new_day_hours replica identity default;
alter table history.new_day_hours add primary key (store_key, local_date);
alter table history.new_outage replica identity default;
alter table history.new_outage add primary key (store_key, started_at);
alter table history.new_outage_day replica identity default;
alter table history.new_outage_day add primary key (store_key, local_date, started_at);
