-- availability over time: what every store is now, as of what is settled ----------------------------------------------

create table history.store_now (
    store_key bigint not null,
    settlement_id integer not null,
    store_id text not null,
    clock text not null,
    newest_timezone text not null,
    hours_file_ids integer[] not null,
    status text not null check (status in ('up', 'down', 'unknown')),
    since timestamptz,
    last_poll_at timestamptz,
    is_open boolean not null default false,
    next_change_at timestamptz,
    primary key (store_key, settlement_id)
);
create index store_now_by_settlement on history.store_now (settlement_id);
comment on table history.store_now is
'What every store of a report, never polled or not, is at the as_of of a settlement. Readers look at the newest '
'published one; rows of others are deleted when the next one begins.';
comment on column history.store_now.clock is 'As in history.store, which lacks stores that were never polled.';
comment on column history.store_now.newest_timezone is 'By the zones accepted last: the group of kind timezone.';
comment on column history.store_now.hours_file_ids is 'The files in which it has hours; by others it is always open.';
comment on column history.store_now.status is 'The days'' status at as_of, whether open or closed.';
comment on column history.store_now.since is
'From when on it has had that status without a break, not before its first poll; null: never polled.';
comment on column history.store_now.is_open is 'Whether as_of is accountable time.';
comment on column history.store_now.next_change_at is
'The next instant at which accountable time begins or ends; null: none in 366 days.';

create index outage_ongoing on history.outage (store_key) where ended_by is null;
create index outage_by_start_date on history.outage (started_on);
create index outage_by_end_date on history.outage (ended_on);

grant select on history.store_now to store_uptime_reader, store_uptime_writer;
grant insert, update, delete on history.store_now to store_uptime_writer;
