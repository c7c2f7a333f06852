-- What is published as it is needs no key of its own: the tables that it goes to have one.
alter table history.new_day drop constraint new_day_pkey;
alter table history.new_day replica identity full;
alter table history.new_day_hours drop constraint new_day_hours_pkey;
alter table history.new_day_hours replica identity full;
alter table history.new_outage drop constraint new_outage_pkey;
alter table history.new_outage replica identity full;
alter table history.new_outage_day drop constraint new_outage_day_pkey;
alter table history.new_outage_day replica identity full;
