drop view history.accepted_target, history.promise, history.accepted_group, history.used_snapshot,
history.newest_settlement;
drop table history.store_target, history.store_group;
alter table history.store drop column clock, drop column newest_timezone, drop column hours_file_ids;
