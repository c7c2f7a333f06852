-- noqa: disable=LT05
create schema core;
create schema report;
create schema quality;

-- core: what was loaded -------------------------------------------------------------------------------------

create table core.store (
    store_key bigint not null primary key,
    store_id text not null check (store_id ~ '[^[:space:]]'),
    polled_from bigint
);
comment on table core.store is 'One row per store any file ever named.';
comment on column core.store.store_key is 'First 8 bytes of BLAKE2b(store_id), signed: any worker computes it, no sequence hands it out.';
comment on column core.store.store_id is 'The id as the files spell it, text, byte for byte.';
comment on column core.store.polled_from is 'accepted_order of the first accepted status file that names the store; null while none does.';

create table core.file (
    file_id bigint generated always as identity (maxvalue 2147483647) primary key,
    kind text not null check (kind in ('store_status', 'business_hours', 'store_timezones')),
    content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
    name text not null,
    size_bytes bigint not null check (size_bytes >= 0),
    state text not null check (state in ('staged', 'accepted', 'rejected')),
    rows_read bigint not null default 0 check (rows_read >= 0),
    rows_quarantined bigint not null default 0 check (rows_quarantined between 0 and rows_read),
    rows_replaced bigint not null default 0 check (rows_replaced >= 0),
    store_count bigint not null default 0 check (store_count >= 0),
    first_polled_at timestamptz,
    last_polled_at timestamptz,
    has_runs boolean not null default false,
    loaded_at timestamptz not null,
    rejected_because text,
    check ((state = 'rejected') = (rejected_because is not null))
);
create unique index file_content_key on core.file (kind, content_sha256) where state <> 'rejected';
comment on table core.file is 'One row per distinct file content that was loaded (a rejected one may come again).';
comment on column core.file.content_sha256 is 'SHA-256 of the bytes of the file as stored (compressed files: of the compressed bytes).';
comment on column core.file.state is 'staged: rows are here, no report may use them; accepted: validated; rejected: rows are gone.';
comment on column core.file.has_runs is 'Whether core.staged_run got the runs of a status file when it was loaded.';
comment on column core.file.rows_replaced is 'Usable rows that a later row of the same file replaces (same store and instant, or same store in a zones file).';

create table core.acceptance (
    accepted_order bigint generated always as identity primary key,
    file_id integer not null references core.file,
    kind text not null check (kind in ('store_status', 'business_hours', 'store_timezones')),
    accepted_at timestamptz not null
);
create index acceptance_by_kind on core.acceptance (kind, accepted_order desc);
comment on table core.acceptance is
    'The log of files becoming visible. The current snapshot of a kind is its newest row; a report pins a position in it.';

-- No foreign key here and on core.poll and core.staged_run: checking it row by row would be a tenth of a load's time.

create table core.business_hours (
    file_id integer not null,
    store_key bigint not null,
    weekday smallint not null check (weekday between 0 and 6),
    start_time_local time not null check (start_time_local < '24:00'),
    end_time_local time not null,
    primary key (file_id, store_key, weekday, start_time_local, end_time_local)
);
comment on table core.business_hours is 'One opening of a store on a weekday (0 = Monday), in one snapshot file, as written there.';

create table core.store_timezone (
    file_id integer not null references core.file on delete cascade,
    store_key bigint not null,
    timezone text not null,
    primary key (file_id, store_key)
);
comment on table core.store_timezone is 'The IANA zone of a store, in one snapshot file.';

create table core.snapshot_store (
    file_id integer not null references core.file on delete cascade,
    store_key bigint not null,
    primary key (file_id, store_key)
);
comment on table core.snapshot_store is
    'Stores that a snapshot file names, in usable or in quarantined rows (a store with an unknown zone is still a store).';

create table core.poll (
    store_key bigint not null,
    polled_at timestamptz not null,
    file_id integer not null,
    part_no smallint not null,
    is_active boolean not null,
    primary key (store_key, polled_at, file_id, part_no)
) partition by range (polled_at);
comment on table core.poll is
    'The log of polls: append-only, visible once its file is accepted; of the same store and instant the highest (file_id, part_no) counts.';
comment on column core.poll.part_no is
    '0, but for stores with millions of polls in one file: those come in parts, later lines in higher ones.';
create table core.poll_before_2000 partition of core.poll for values from (minvalue) to ('2000-01-01 00:00+00');

create table core.polled_store (
    file_id integer not null references core.file on delete cascade,
    store_key bigint not null,
    first_polled_at timestamptz,
    primary key (file_id, store_key)
);
comment on table core.polled_store is
    'Stores that a staged status file names, with their earliest usable poll in it (null: only unusable rows). Emptied on acceptance.';

create table core.staged_run (
    file_id integer not null,
    store_key bigint not null,
    started_at timestamptz not null,
    is_active boolean not null,
    primary key (file_id, store_key, started_at)
);
comment on table core.staged_run is
    'Polls of a staged status file whose status differs from the poll before in the same file. Emptied on acceptance.';

create table core.status_run (
    store_key bigint not null,
    holds_until timestamptz not null,
    holds_from timestamptz not null,
    started_at timestamptz not null check (isfinite(started_at)),
    is_active boolean not null,
    primary key (store_key, holds_until),
    check (holds_from < holds_until and holds_from <= started_at)
);
comment on table core.status_run is
    'Runs of equal status in the polls of all accepted files, kept up to date when a file is accepted. The runs of a store cover all time.';
comment on column core.status_run.started_at is 'The poll that brought the status: a report that looks back from before it does not know the run.';
comment on column core.status_run.holds_from is 'started_at, and -infinity for the first run: the first status holds backwards.';
comment on column core.status_run.holds_until is 'started_at of the next run, infinity for the last.';

create function core.begin_poll_month(month date) returns table (poll_table text, is_new boolean)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    table_name text := 'poll_' || to_char(month, 'YYYY_MM');
begin
    if month < '2000-01-01' then
        return query select 'core.poll_before_2000', false;
        return;
    end if;
    -- One lock for all months: two loads that bring the same months in another order would wait in a circle.
    perform pg_advisory_xact_lock(hashtextextended('core.poll', 0));
    if to_regclass('core.' || table_name) is null then
        -- Attaching looks at every row, unless a check says that all of them belong to the month.
        execute format(
            'create table core.%I (like core.poll including comments,'
            ' constraint is_of_month check (polled_at >= %L and polled_at < %L))',
            table_name,
            to_char(month, 'YYYY-MM-01') || ' 00:00+00',
            to_char(month + interval '1 month', 'YYYY-MM-01') || ' 00:00+00'
        );
        execute format('grant select, insert, delete on core.%I to store_uptime_writer', table_name);
    end if;
    return query
        select 'core.' || table_name, not relispartition from pg_class where oid = to_regclass('core.' || table_name);
end
$$;
comment on function core.begin_poll_month(date) is
    'The table that takes the polls of a month (UTC). A new one has no key yet, which makes the load twice as fast; finish_poll_month follows in the same transaction.';

create function core.finish_poll_month(month date) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    table_name text := 'poll_' || to_char(month, 'YYYY_MM');
    is_attached boolean;
begin
    if month < '2000-01-01' then
        return;
    end if;
    select relispartition into strict is_attached from pg_class where oid = to_regclass('core.' || table_name);
    if not is_attached then
        execute format('alter table core.%I add primary key (store_key, polled_at, file_id, part_no)', table_name);
        execute format(
            'alter table core.poll attach partition core.%I for values from (%L) to (%L)',
            table_name,
            to_char(month, 'YYYY-MM-01') || ' 00:00+00',
            to_char(month + interval '1 month', 'YYYY-MM-01') || ' 00:00+00'
        );
        execute format('alter table core.%I drop constraint is_of_month', table_name);
    end if;
end
$$;
comment on function core.finish_poll_month(date) is 'Gives the table of a month its key and makes it a partition of core.poll, if it is not one yet.';

create function core.analyze_loaded() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze core.store, core.business_hours, core.store_timezone, core.snapshot_store, core.status_run;
end
$$;
comment on function core.analyze_loaded() is 'Statistics right after a load, so that the report does not have to wait for autovacuum to be planned well.';

-- report: what was computed -----------------------------------------------------------------------------------

create table report.report (
    report_id uuid primary key,
    dag_run_id text not null unique,
    created_at timestamptz not null,
    as_of_requested timestamptz,
    as_of_limit timestamptz,
    max_gap interval check (max_gap > interval '0'),
    no_data text not null check (no_data in ('unknown', 'down')),
    store_ids text[],
    shards smallint not null check (shards between 1 and 256),
    as_of timestamptz,
    accepted_order bigint,
    business_hours_file_id integer references core.file,
    store_timezones_file_id integer references core.file,
    store_count bigint,
    csv_path text,
    csv_sha256 text,
    csv_bytes bigint,
    published_at timestamptz,
    failed_task text,
    failure_cause text,
    failed_at timestamptz
);
create index report_by_creation on report.report (created_at desc, report_id desc);
comment on table report.report is 'One row per report, that is per DAG run of store_uptime_report.';
comment on column report.report.report_id is 'The DAG run id where that is a UUID, else UUIDv5 of it.';
comment on column report.report.as_of_limit is 'data_interval_end of a scheduled or backfilled run: as_of is the newest poll not after it.';
comment on column report.report.accepted_order is 'Position in core.acceptance the report is pinned to: later files do not exist for it.';
comment on column report.report.store_ids is 'The stores asked for; null: all.';

create table report.source_file (
    report_id uuid not null references report.report on delete cascade,
    file_id integer not null references core.file,
    name text not null,
    is_accepted boolean not null default false,
    primary key (report_id, file_id)
);
comment on table report.source_file is 'The files a run found in the data folder.';
comment on column report.source_file.is_accepted is
    'Whether validate has made the file visible for this run, or found it so: it does that once, so that an old run does not bring an old snapshot back.';

create table report.task_run (
    report_id uuid not null references report.report on delete cascade,
    task text not null,
    shard smallint not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    counts jsonb not null,
    primary key (report_id, task, shard)
);
comment on table report.task_run is 'What each finished task (and shard) of a report did: counts and times; a repeated task replaces its row.';

-- The per-store tables of a report have no foreign key to it: checking it would be a tenth of a report's time.

create table report.store (
    report_id uuid not null,
    store_key bigint not null,
    store_id text not null,
    timezone text not null,
    has_timezone boolean not null,
    has_business_hours boolean not null,
    primary key (report_id, store_key)
);
comment on table report.store is 'Stores of a report, each with the zone it is read in (localize).';

create table report.zone_segment (
    report_id uuid not null references report.report on delete cascade,
    timezone text not null,
    utc_range tstzrange not null check (not isempty(utc_range)),
    utc_offset interval not null,
    primary key (report_id, timezone, utc_range)
);
comment on table report.zone_segment is 'UTC spans with one UTC offset, covering the reported week of every zone in use (localize).';

create table report.zone_day (
    report_id uuid not null references report.report on delete cascade,
    timezone text not null,
    weekday smallint not null check (weekday between 0 and 6),
    midnight_at timestamptz not null,
    utc_range tstzrange not null check (not isempty(utc_range)),
    primary key (report_id, timezone, weekday, midnight_at, utc_range)
);
comment on table report.zone_day is 'Local dates of each zone and segment around the reported week (localize).';
comment on column report.zone_day.midnight_at is
    'The UTC instant of wall-clock 00:00 of the date, by the offset of the segment: wall-clock time t is midnight_at + t inside utc_range.';

create table report.open_time (
    report_id uuid not null,
    store_key bigint not null,
    open_time tstzmultirange not null,
    primary key (report_id, store_key)
);
comment on table report.open_time is 'When each store was open in the reported week, in UTC (clip).';

create table report.observed_status (
    report_id uuid not null,
    store_key bigint not null,
    known_time tstzmultirange not null,
    active_time tstzmultirange not null,
    primary key (report_id, store_key)
);
comment on table report.observed_status is
    'When, in the reported week, polls say what the status of a store was (known), and when they say active (interpolate).';

create table report.store_uptime (
    report_id uuid not null,
    store_key bigint not null,
    store_id text not null,
    open_last_hour_us bigint not null,
    open_last_day_us bigint not null,
    open_last_week_us bigint not null,
    uptime_last_hour_us bigint not null,
    uptime_last_day_us bigint not null,
    uptime_last_week_us bigint not null,
    downtime_last_hour_us bigint not null,
    downtime_last_day_us bigint not null,
    downtime_last_week_us bigint not null,
    unknown_last_hour_us bigint not null,
    unknown_last_day_us bigint not null,
    unknown_last_week_us bigint not null,
    primary key (report_id, store_key),
    check (uptime_last_hour_us >= 0 and downtime_last_hour_us >= 0 and unknown_last_hour_us >= 0),
    check (uptime_last_day_us >= 0 and downtime_last_day_us >= 0 and unknown_last_day_us >= 0),
    check (uptime_last_week_us >= 0 and downtime_last_week_us >= 0 and unknown_last_week_us >= 0),
    check (uptime_last_hour_us + downtime_last_hour_us + unknown_last_hour_us = open_last_hour_us),
    check (uptime_last_day_us + downtime_last_day_us + unknown_last_day_us = open_last_day_us),
    check (uptime_last_week_us + downtime_last_week_us + unknown_last_week_us = open_last_week_us)
);
create index store_uptime_by_store_id on report.store_uptime (report_id, store_id collate "C");
comment on table report.store_uptime is 'The figures of a report, one row per store, in exact microseconds (interpolate).';

-- quality: what was found ---------------------------------------------------------------------------------------

create table quality.quarantined_row (
    file_id integer not null references core.file on delete cascade,
    line_number bigint not null check (line_number >= 1),
    column_name text,
    reason text not null,
    raw_text text not null,
    primary key (file_id, line_number)
);
comment on table quality.quarantined_row is 'Rows of a file that could not be used. Rows of a rejected file stay here as evidence.';
comment on column quality.quarantined_row.line_number is 'Physical line the row starts on, the header being line 1.';
comment on column quality.quarantined_row.raw_text is 'The row as in the file, without its line end.';

create table quality.expectation_result (
    report_id uuid not null references report.report on delete cascade,
    suite text not null,
    expectation text not null,
    file_id integer references core.file,
    severity text not null check (severity in ('fail', 'warn')),
    is_met boolean not null,
    description text not null,
    observed_value text,
    unexpected_count bigint,
    examples jsonb not null default '[]',
    checked_at timestamptz not null,
    unique nulls not distinct (report_id, suite, expectation, file_id)
);
comment on table quality.expectation_result is 'One row per expectation that Great Expectations checked for a report.';

-- rights ------------------------------------------------------------------------------------------------------------

do $$
begin
    perform pg_advisory_xact_lock(hashtextextended('store_uptime roles', 0));
    if not exists (select from pg_roles where rolname = 'store_uptime_writer') then
        create role store_uptime_writer nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'store_uptime_reader') then
        create role store_uptime_reader nologin;
    end if;
end
$$;
grant store_uptime_reader, store_uptime_writer to current_user; -- noqa: PRS
grant usage on schema core, report, quality to store_uptime_reader, store_uptime_writer;
grant select on all tables in schema core, report, quality to store_uptime_reader;
grant select, insert, update, delete on all tables in schema core, report, quality to store_uptime_writer;
revoke update, delete on core.acceptance from store_uptime_writer;
grant select on core.poll_before_2000 to store_uptime_reader;
revoke all on all functions in schema core from public;
grant execute on all functions in schema core to store_uptime_writer;
