-- the optional inputs: groups of stores, special hours, planned downtime and targets ---------------------------------

alter table core.file drop constraint file_kind_check;
alter table core.file add constraint file_kind_check check (
    kind in (
        'store_status',
        'business_hours',
        'store_timezones',
        'store_groups',
        'special_hours',
        'planned_downtime',
        'targets'
    )
);

-- Stores are named by their ids here, not by their keys: what only these files name is no store.

create table core.group_member (
    file_id integer not null references core.file on delete cascade,
    store_id text not null,
    kind text not null,
    name text not null,
    primary key (file_id, store_id, kind, name)
);
create index group_member_by_group on core.group_member (file_id, kind, name);
comment on table core.group_member is
'A store belongs to a group, in one snapshot file. A store may have several groups of one kind.';

create table core.special_hours (
    file_id integer not null references core.file on delete cascade,
    line integer not null,
    store_id text,
    group_kind text,
    group_name text,
    local_date date not null,
    start_time_local time check (start_time_local < '24:00'),
    end_time_local interval check (end_time_local between interval '0' and interval '48 hours'),
    reason text,
    primary key (file_id, line),
    check ((group_kind is null) = (group_name is null) and (store_id is null or group_kind is null)),
    check ((start_time_local is null) = (end_time_local is null))
);
create index special_hours_by_date on core.special_hours (file_id, local_date);
create index special_hours_by_scope
on core.special_hours (file_id, store_id, group_kind, group_name, local_date);
comment on table core.special_hours is
'An opening on one local date in place of those of the week, in one snapshot file, for a store, a group, or all stores '
'(neither). Without times: closed on that date.';
comment on column core.special_hours.line is 'The line of the file; of shards, as if they were one file.';
comment on column core.special_hours.end_time_local is
'As in core.business_hours: one that is not after the start is on the next date.';

create table core.planned_downtime (
    file_id integer not null references core.file on delete cascade,
    line integer not null,
    store_id text,
    group_kind text,
    group_name text,
    starts_at timestamptz,
    starts_local timestamp,
    ends_at timestamptz,
    ends_local timestamp,
    reason text,
    primary key (file_id, line),
    check ((group_kind is null) = (group_name is null) and (store_id is null or group_kind is null)),
    check ((starts_at is null) <> (starts_local is null)),
    check (ends_at is null or ends_local is null)
);
create index planned_downtime_by_scope on core.planned_downtime (file_id, store_id, group_kind, group_name);
comment on table core.planned_downtime is
'Time that nobody holds against a store, a group, or all stores (neither), in one snapshot file. Without an end: it '
'goes on.';
comment on column core.planned_downtime.starts_local is
'In place of starts_at: read on the wall clock of each store. Of a time that occurs twice the first, of one that is '
'skipped the instant of the change.';
comment on column core.planned_downtime.ends_local is
'In place of ends_at: as starts_local, but of a time that occurs twice the last.';

create table core.target (
    file_id integer not null references core.file on delete cascade,
    line integer not null,
    store_id text,
    group_kind text,
    group_name text,
    target_percent numeric(6, 3) check (target_percent > 0 and target_percent < 100),
    valid_from date,
    primary key (file_id, line),
    check ((group_kind is null) = (group_name is null) and (store_id is null or group_kind is null))
);
create index target_by_scope on core.target (file_id, store_id, group_kind, group_name, valid_from);
comment on table core.target is
'The availability that was promised for a store, a group, or all stores (neither), in one snapshot file, from a local '
'date on. Null: none is promised from then on. Of rows with the same scope and date the file''s last one.';
comment on column core.target.valid_from is 'Null: always.';

-- from which date on hours and zones hold ----------------------------------------------------------------------------

alter table core.snapshot add column valid_from date;
comment on column core.snapshot.valid_from is
'Hours and zones hold from this local date on, in what is computed for past dates: of those with valid_from up to a '
'date the one accepted last. Null: since ever.';
alter table report.report add column hours_valid_from date, add column zones_valid_from date;
comment on column report.report.hours_valid_from is
'From which date on the hours hold that the DAG run brings, as it was asked; null: from its date of acceptance.';
comment on column report.report.zones_valid_from is 'As hours_valid_from, of the zones.';

create or replace function core.analyze_loaded() returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    grown regclass;
begin
    -- Of what grows a little each day, when it has grown by a fifth. On Citus the rows are elsewhere: no size is known.
    for grown in
        select pg_class.oid::regclass
        from (
            values
            ('core.store'::regclass, 1.2),
            ('core.status_interval', 1.2),
            ('core.business_hours', 1),
            ('core.store_timezone', 1),
            ('core.snapshot_store', 1),
            ('core.group_member', 1),
            ('core.special_hours', 1),
            ('core.planned_downtime', 1),
            ('core.target', 1)
        ) as loaded (oid, factor)
        inner join pg_class on pg_class.oid = loaded.oid
        where
            pg_relation_size(pg_class.oid) = 0
            or not exists (
                select
                from pg_stats
                where pg_stats.schemaname = 'core' and pg_stats.tablename = pg_class.relname
            )
            or pg_relation_size(pg_class.oid)
            > loaded.factor * greatest(pg_class.relpages, 0) * current_setting('block_size')::integer
    loop
        execute format('analyze %s', grown);
    end loop;
end
$$;

grant select on core.group_member, core.special_hours, core.planned_downtime, core.target to store_uptime_reader;
grant select, insert, delete on core.group_member, core.special_hours, core.planned_downtime, core.target
to store_uptime_writer;
