drop table history.new_opening;
alter table history.new_carry drop outage_ended_at;
