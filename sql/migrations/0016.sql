-- history: days and outages of every store, a cache of what the log of acceptances, the setting and as_of say --------

create schema history;

create function history.length_us(spans tstzmultirange) returns bigint
language plpgsql immutable strict parallel safe as $$
begin
    -- Without a search_path of its own, which would take ten times as long as the rest: it is called for every day.
    if isempty(spans) then
        return 0;
    end if;
    if spans = tstzmultirange(range_merge(spans)) then
        return extract(epoch from upper(spans) - lower(spans)) * 1000000;
    end if;
    return (select sum(extract(epoch from upper(span) - lower(span))) * 1000000 from unnest(spans) as span);
end
$$;
comment on function history.length_us(tstzmultirange) is 'The length of all ranges together, in microseconds.';

create table history.settlement (
    settlement_id bigint generated always as identity (maxvalue 2147483647) primary key,
    follows_id bigint,
    as_of timestamptz not null,
    accepted_order bigint not null,
    max_gap interval check (max_gap > interval '0'),
    keep_days integer,
    kept_from timestamptz,
    shards smallint not null check (shards between 1 and 256),
    clocks_from timestamptz not null,
    created_at timestamptz not null,
    published_at timestamptz
);
comment on table history.settlement is
'One row for each time that days and outages were settled. What readers see is as of the newest published one.';
comment on column history.settlement.follows_id is
'The settlement that was published last when this one began: it can be published as long as that is so.';
comment on column history.settlement.accepted_order is 'Position in core.acceptance: later files do not exist for it.';
comment on column history.settlement.keep_days is 'How many days before as_of are settled; null: all.';
comment on column history.settlement.kept_from is
'When it began polls before this were gone; if more are gone, it is not published. Null: none were.';
comment on column history.settlement.clocks_from is 'No day that this settlement changes begins before.';

create table history.finished_shard (
    settlement_id bigint not null references history.settlement on delete cascade,
    task text not null,
    shard integer not null,
    primary key (settlement_id, task, shard)
);
comment on table history.finished_shard is 'Which parts of a settlement are done: it is published when all are.';

create table history.store (
    store_key bigint not null primary key,
    first_polled_at timestamptz not null
);
comment on table history.store is 'The stores that have days, each with its first poll.';

create table history.day (
    store_key bigint not null,
    local_date date not null,
    timezone text not null,
    utc_range tstzmultirange not null,
    is_final boolean not null,
    open_us bigint not null,
    planned_us bigint not null,
    up_us bigint not null,
    down_us bigint not null,
    unknown_us bigint not null,
    opened_late_us bigint not null,
    closed_early_us bigint not null,
    missed_openings integer not null,
    last_open_at timestamptz,
    last_active_at timestamptz,
    stretch_on date,
    stretch_starts_planned boolean,
    stretch_open_us bigint,
    stretch_late_us bigint,
    stretch_early_us bigint,
    other_late_us bigint,
    other_early_us bigint,
    other_missed integer,
    primary key (store_key, local_date),
    check (open_us = up_us + down_us + unknown_us)
);
create index day_provisional on history.day (store_key, local_date) where not is_final;
comment on table history.day is
'Open (accountable), planned, up, down and unknown time of every store and local date, from its first poll to as_of.';
comment on column history.day.timezone is 'The zone whose file holds for the date.';
comment on column history.day.utc_range is
'The date on the store''s wall clock: empty for none, two ranges where a clock went back over midnight.';
comment on column history.day.is_final is 'Whether as_of is not before the end of the date.';
comment on column history.day.opened_late_us is
'Accountable time that the openings that start on the date were down from their start on.';
comment on column history.day.closed_early_us is 'As opened_late_us, but down to their end.';
comment on column history.day.missed_openings is
'How many openings that start on the date are over and were down all their accountable time; not late, not early.';
comment on column history.day.last_open_at is
'What a later settlement that begins with the next date goes on from: the end of all accountable time so far.';
comment on column history.day.last_active_at is
'The last active poll up to the end of the date; that end itself if the polls go on being active over it.';
comment on column history.day.stretch_on is
'The date on which the stretch of opening time started that goes on at the end of the date, up to as_of; null: none.';
comment on column history.day.stretch_starts_planned is 'Whether its first instant lies in planned downtime.';
comment on column history.day.stretch_open_us is 'Its accountable time so far.';
comment on column history.day.stretch_late_us is 'Its accountable time so far that was down from its start on.';
comment on column history.day.stretch_early_us is 'Its accountable time so far that is down up to the end of the date.';
comment on column history.day.other_late_us is
'Of opened_late_us the part of the other openings, if a stretch that started on the date goes on at its end.';
comment on column history.day.other_early_us is 'As other_late_us, of closed_early_us.';
comment on column history.day.other_missed is 'As other_late_us, of missed_openings.';

create table history.outage (
    store_key bigint not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    downtime_us bigint not null,
    ended_by text check (ended_by in ('up', 'unknown')),
    started_after timestamptz,
    ended_before timestamptz,
    started_on date not null,
    ended_on date not null,
    primary key (store_key, started_at)
);
create index outage_by_end on history.outage (store_key, ended_at);
comment on table history.outage is
'Accountable time of a store that is down, with no accountable time that is up in between.';
comment on column history.outage.ended_at is 'End of its last accountable time; while it is ongoing: so far.';
comment on column history.outage.ended_by is
'The status of the next accountable instant that is not down; null while it is ongoing.';
comment on column history.outage.started_after is 'The last active poll before started_at.';
comment on column history.outage.ended_before is 'The first active poll from ended_at on.';
comment on column history.outage.started_on is 'The local date of started_at.';
comment on column history.outage.ended_on is 'The local date of ended_at.';

create table history.outage_day (
    store_key bigint not null,
    local_date date not null,
    started_at timestamptz not null,
    downtime_us bigint not null,
    down_until timestamptz not null,
    primary key (store_key, local_date, started_at)
);
comment on table history.outage_day is 'The downtime of each outage on each local date.';
comment on column history.outage_day.started_at is 'The outage''s, whichever date that was.';
comment on column history.outage_day.down_until is 'The end of its last downtime on the date.';

create table history.restatement (
    store_key bigint not null,
    local_date date not null,
    settlement_id bigint not null,
    cause text not null,
    file_id integer,
    old_open_us bigint,
    old_planned_us bigint,
    old_up_us bigint,
    old_down_us bigint,
    old_unknown_us bigint,
    new_open_us bigint,
    new_planned_us bigint,
    new_up_us bigint,
    new_down_us bigint,
    new_unknown_us bigint,
    primary key (store_key, local_date, settlement_id)
);
comment on table history.restatement is
'The log of final days whose figures changed. Old figures are null if the day was not there, new ones if it went.';
comment on column history.restatement.cause is
'The kind of the file that caused it, the setting (max_gap), or from_date: asked for. Of several the last one.';

create table history.target_change (
    settlement_id bigint not null references history.settlement,
    change_no integer not null,
    store_id text,
    group_kind text,
    group_name text,
    valid_from date,
    old_percent numeric(6, 3),
    new_percent numeric(6, 3),
    file_id integer not null,
    primary key (settlement_id, change_no)
);
comment on table history.target_change is
'The log of targets that changed, by scope. Null: none was promised.';

-- what a settlement is made of, until it is published: tables of one settlement at a time ---------------------------

create table history.file_period (
    accepted_order bigint not null,
    kind text not null,
    valid_from date not null,
    valid_until date not null,
    file_id integer,
    primary key (accepted_order, kind, valid_from)
);
comment on table history.file_period is
'Which file of hours and zones holds from a local date up to another, as seen from a position in core.acceptance. '
'Null: none.';

create function history.file_periods(position_in_log bigint)
returns table (kind text, file_id integer, valid_from date, valid_until date)
language plpgsql stable set search_path = pg_catalog as $$
begin
    return query
        select
            held.kind,
            held.file_id,
            held.valid_from,
            coalesce(held.valid_until, 'infinity')
        from (
            select
                log.kind,
                log.file_id,
                log.valid_from,
                min(log.valid_from) over (
                    partition by log.kind
                    order by log.accepted_order desc
                    rows between unbounded preceding and 1 preceding
                ) as valid_until
            from (
                select
                    snapshot.kind,
                    snapshot.file_id,
                    snapshot.accepted_order,
                    coalesce(snapshot.valid_from, '-infinity') as valid_from
                from core.snapshot
                where snapshot.kind in ('business_hours', 'store_timezones')
                    and snapshot.accepted_order <= position_in_log
                union all
                values
                ('business_hours', null::integer, 0, '-infinity'::date),
                ('store_timezones', null, 0, '-infinity')
            ) as log
        ) as held
        where held.valid_until is null or held.valid_from < held.valid_until;
end
$$;
comment on function history.file_periods(bigint) is
'From which local date up to which one each file of hours and zones holds, as seen from a position in core.acceptance: '
'of those accepted up to it whose valid_from is not after a date, the one accepted last. So a file holds up to the '
'earliest valid_from of those accepted after it. Null: none holds.';

create table history.change (
    cause text not null primary key,
    from_date date not null,
    file_id integer,
    accepted_order bigint not null
);
comment on table history.change is 'What is new since the last settlement, beside polls, and from which date on.';

create table history.changed_row (
    cause text not null,
    store_id text,
    group_kind text,
    group_name text,
    from_date date not null,
    unique nulls not distinct (cause, store_id, group_kind, group_name)
);
comment on table history.changed_row is
'Of whom rows of special hours and planned downtime differ from before, and the first date on which any does: a '
'store, a group, or all stores (neither). Of changed groups: a store that came or left. Of changed zones: a group that '
'rows are of, for the stores that came or left.';

create table history.clock_segment (
    clock text not null,
    utc_range tstzrange not null,
    utc_offset interval not null,
    timezone text not null,
    primary key (clock, utc_range)
);
comment on table history.clock_segment is
'A clock is a zone, or several with the dates from which they hold; in a segment wall clock = UTC + offset.';

create table history.clock_piece (
    clock text not null,
    local_date date not null,
    started_on date not null,
    weekday smallint not null,
    hours_file_id integer,
    midnight_at timestamptz not null,
    utc_range tstzrange not null,
    primary key (clock, local_date, utc_range, started_on)
);
comment on table history.clock_piece is
'A local date in one segment, once for each date on which an opening may have started that reaches into it.';
comment on column history.clock_piece.hours_file_id is 'The hours that hold for started_on.';
comment on column history.clock_piece.midnight_at is '00:00 of started_on by the offset of the segment.';

create table history.clock_date (
    clock text not null,
    local_date date not null,
    timezone text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    utc_range tstzmultirange not null,
    is_clean boolean not null,
    primary key (clock, local_date)
);
create index clock_date_by_start on history.clock_date (clock, starts_at);
comment on table history.clock_date is 'The local dates of a clock.';
comment on column history.clock_date.is_clean is
'Whether all earlier dates are over when it starts: a settlement can begin there.';

create table history.clock_planned (
    clock text not null,
    line integer not null,
    utc_range tstzrange not null,
    primary key (clock, line)
);
comment on table history.clock_planned is 'Planned downtime as a clock reads it.';

create table history.new_store (
    store_key bigint not null primary key,
    store_id text not null,
    clock text not null,
    newest_timezone text not null,
    hours_file_ids integer[] not null,
    first_polled_at timestamptz not null,
    new_polled_at timestamptz,
    new_file_id integer,
    provisional_from date,
    first_date date,
    last_date date,
    from_date date,
    from_at timestamptz
);
comment on table history.new_store is 'The stores to settle, each from from_date on.';
comment on column history.new_store.newest_timezone is 'By the zones accepted last: the group of kind timezone.';
comment on column history.new_store.hours_file_ids is 'The files in which it has hours; by others it is always open.';
comment on column history.new_store.new_polled_at is
'The earliest poll of the files accepted since the last settlement, and its file.';
comment on column history.new_store.provisional_from is 'The first date that is not final; null: never settled.';
comment on column history.new_store.first_date is
'The date of its first poll; null: long before from_date.';
comment on column history.new_store.last_date is 'The date at as_of.';
comment on column history.new_store.from_at is 'When from_date starts: nothing before changes.';

create table history.new_change (
    store_key bigint not null,
    cause text not null,
    from_date date not null,
    primary key (store_key, cause)
);
comment on table history.new_change is 'Which changes touch a store, and from which date on.';

create table history.new_carry (
    store_key bigint not null primary key,
    last_open_at timestamptz,
    last_active_at timestamptz,
    stretch_on date,
    stretch_starts_planned boolean,
    stretch_open_us bigint,
    stretch_late_us bigint,
    stretch_early_us bigint,
    outage_started_at timestamptz,
    outage_started_on date,
    outage_started_after timestamptz,
    outage_down_until timestamptz,
    outage_down_on date,
    outage_downtime_us bigint,
    outage_ended_on date,
    outage_ended_by text,
    outage_ended_before timestamptz
);
comment on table history.new_carry is
'How things stand at from_at: as the last day before (history.day) left them, and the last outage before.';

create table history.new_special (
    store_key bigint not null,
    local_date date not null,
    line integer not null,
    start_time_local interval,
    end_time_local interval,
    primary key (store_key, local_date, line)
);
comment on table history.new_special is 'The special hours of a store and date, of the winning scope.';

create table history.new_planned (
    store_key bigint not null primary key,
    planned_time tstzmultirange not null
);
comment on table history.new_planned is 'Planned downtime of a store.';

create table history.new_status (
    store_key bigint not null,
    first_polled_at timestamptz not null,
    last_polled_at timestamptz not null,
    is_active boolean not null,
    primary key (store_key, first_polled_at)
);
comment on table history.new_status is
'Neighbouring polls of equal status, none more than max_gap after the one before: of each store the first and the last '
'of those looked at.';

create table history.new_stretch (
    store_key bigint not null,
    local_date date not null,
    opened_late_us bigint not null,
    closed_early_us bigint not null,
    missed_openings integer not null,
    primary key (store_key, local_date)
);
comment on table history.new_stretch is
'What a stretch of opening time that goes on at from_at adds to the figures of the date before on which it started.';

create table history.new_day (like history.day including comments);
alter table history.new_day add primary key (store_key, local_date);
comment on table history.new_day is 'Rows for history.day.';

create table history.new_outage_day (like history.outage_day including comments);
alter table history.new_outage_day add primary key (store_key, local_date, started_at);
comment on table history.new_outage_day is 'Rows for history.outage_day.';

create table history.new_outage (like history.outage including comments);
alter table history.new_outage add primary key (store_key, started_at);
comment on table history.new_outage is 'Rows for history.outage.';

-- Statistics in between: a stage reads what the one before has just written.
create function history.analyze_staged() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze history.new_store, history.clock_date;
end
$$;
comment on function history.analyze_staged() is 'Statistics of what the stages of a settlement read.';

-- Autovacuum looks later: until then a first settlement would be read by plans for empty tables.
create function history.analyze_published() returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    grown regclass;
begin
    -- When a table has grown by a fifth. On Citus the rows are elsewhere: no size is known.
    for grown in
        select pg_class.oid::regclass
        from pg_class
        where
            pg_class.relnamespace = 'history'::regnamespace
            and pg_class.relname
            = any('{day,outage,outage_day,store,store_group,store_target,store_now}'::text[])
            and (
                pg_relation_size(pg_class.oid) = 0
                or not exists (
                    select
                    from pg_stats
                    where pg_stats.schemaname = 'history' and pg_stats.tablename = pg_class.relname
                )
                or pg_relation_size(pg_class.oid)
                > 1.2 * greatest(pg_class.relpages, 0) * current_setting('block_size')::integer
            )
        order by pg_class.relname
    loop
        execute format('analyze %s', grown);
    end loop;
end
$$;
comment on function history.analyze_published() is 'Statistics of what readers of days and outages read.';

grant usage on schema history to store_uptime_reader, store_uptime_writer;
grant select on all tables in schema history to store_uptime_reader;
grant select, insert, update, delete, truncate on all tables in schema history to store_uptime_writer;
revoke truncate on history.settlement, history.store, history.day, history.outage, history.outage_day,
history.restatement, history.target_change from store_uptime_writer;
grant execute on all functions in schema history to store_uptime_reader, store_uptime_writer;
