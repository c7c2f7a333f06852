alter table history.new_carry add outage_ended_at timestamptz;
comment on column history.new_carry.outage_ended_at is
'As the settlement before found it: an outage that is as it was is not written again.';

create table history.new_opening (
    store_key bigint not null primary key,
    is_open boolean not null,
    next_change_at timestamptz
);
comment on table history.new_opening is
'Whether a store that is settled is open at as_of, and when it opens or closes next; null: not within a day.';
grant select on history.new_opening to store_uptime_reader, store_uptime_writer;
grant insert, update, delete, truncate on history.new_opening to store_uptime_writer;
