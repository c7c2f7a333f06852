-- The three CSV files as typed tables: what an analyst does first.
--
-- variables  folder
create table poll as
select store_id, lower(trim(status)) = 'active' as is_active, timestamp_utc as polled_at
from read_csv(
    getvariable('folder') || '/store_status.csv',
    header = true,
    columns = {'store_id': 'varchar', 'status': 'varchar', 'timestamp_utc': 'timestamp'}
);

create table business_hours as
select *
from read_csv(
    getvariable('folder') || '/menu_hours.csv',
    header = true,
    columns = {'store_id': 'varchar', 'weekday': 'tinyint', 'start_time': 'time', 'end_time': 'time'}
);

create table store_timezone as
select *
from read_csv(
    getvariable('folder') || '/timezones.csv',
    header = true,
    columns = {'store_id': 'varchar', 'timezone': 'varchar'}
);
