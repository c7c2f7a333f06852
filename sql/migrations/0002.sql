-- noqa: disable=LT05
alter table core.poll_before_2000 rename to poll_early;
alter index core.poll_before_2000_pkey rename to poll_early_pkey;
comment on table core.poll_early is
    'Polls before the first month that is kept whole: of each store those that the weeks after it rest on. Before 2000 at first.';

create table core.poll_horizon (
    kept_from date not null primary key check (kept_from = date_trunc('month', kept_from)),
    polls_dropped bigint not null check (polls_dropped >= 0),
    polls_left bigint not null check (polls_left >= 0),
    moved_at timestamptz not null
);
comment on table core.poll_horizon is 'One row for each time that months of polls were let go; the latest month is the first one kept whole.';
comment on column core.poll_horizon.polls_left is 'How many of the earlier polls core.poll_early held afterwards.';
grant select on core.poll_horizon to store_uptime_reader, store_uptime_writer;

create function core.first_poll_month() returns date
language sql stable set search_path = pg_catalog as $$
    select coalesce(max(kept_from), date '2000-01-01') from core.poll_horizon
$$;
comment on function core.first_poll_month() is 'The first month (UTC) whose polls are all kept; earlier ones are in core.poll_early.';

create function core.bridging_polls(kept_from date)
returns table (store_key bigint, polled_at timestamptz, file_id integer, part_no smallint, is_active boolean)
language sql stable set search_path = pg_catalog as $$
    with oldest_pin as (
        select coalesce(
            (
                select min(report.accepted_order)
                from report.report
                where report.as_of - interval '168 hours' >= bridging_polls.kept_from::timestamp at time zone 'UTC'
            ),
            (select max(acceptance.accepted_order) from core.acceptance)
        ) as accepted_order
    ),

    accepted_file as (
        select
            acceptance.file_id,
            greatest(min(acceptance.accepted_order), min(oldest_pin.accepted_order)) as visible_from
        from core.acceptance
        cross join oldest_pin
        where acceptance.kind = 'store_status'
        group by acceptance.file_id
    ),

    early_poll as (
        select
            poll.*,
            accepted_file.visible_from,
            min(accepted_file.visible_from) over (
                partition by poll.store_key
                order by poll.polled_at desc, poll.file_id desc, poll.part_no desc
                rows between unbounded preceding and 1 preceding
            ) as hidden_from
        from core.poll
        left join accepted_file on accepted_file.file_id = poll.file_id
        where poll.polled_at < bridging_polls.kept_from::timestamp at time zone 'UTC'
    )

    select early_poll.store_key, early_poll.polled_at, early_poll.file_id, early_poll.part_no, early_poll.is_active
    from early_poll
    where
        early_poll.visible_from is null
        or early_poll.hidden_from is null
        or early_poll.visible_from < early_poll.hidden_from
$$;
comment on function core.bridging_polls(date) is
    'The polls before a month that the weeks after it rest on: of each store the last one, as every report that looks back on such a week sees it, and those of files not accepted yet.';

create or replace function core.begin_poll_month(month date) returns table (poll_table text, is_new boolean)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    table_name text := 'poll_' || to_char(month, 'YYYY_MM');
begin
    -- One lock for all months: two loads that bring the same months in another order would wait in a circle.
    perform pg_advisory_xact_lock(hashtextextended('core.poll', 0));
    if month < core.first_poll_month() then
        return query select 'core.poll_early', false;
        return;
    end if;
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

create or replace function core.finish_poll_month(month date) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    table_name text := 'poll_' || to_char(month, 'YYYY_MM');
    is_attached boolean;
begin
    if month < core.first_poll_month() then
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

create function core.forget_polls(kept_from date, moved_at timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    kept_from_at timestamptz := kept_from::timestamp at time zone 'UTC';
    month_table regclass;
    before_count bigint;
    left_count bigint;
begin
    -- As begin_poll_month: whoever loads polls holds this to its end, so none come meanwhile.
    perform pg_advisory_xact_lock(hashtextextended('core.poll', 0));
    if kept_from < core.first_poll_month() then
        raise exception 'the polls before % are gone already', core.first_poll_month();
    end if;
    -- Nor are any deleted between being copied and being dropped; reports go on reading.
    lock table core.poll in share mode;
    create table core.poll_early_next (like core.poll including comments);
    insert into core.poll_early_next select * from core.bridging_polls(kept_from);
    get diagnostics left_count = row_count;
    select count(*) into before_count from core.poll where polled_at < kept_from_at;
    for month_table in
        select inhrelid::regclass
        from pg_inherits
        inner join pg_class on pg_class.oid = pg_inherits.inhrelid
        where
            inhparent = 'core.poll'::regclass
            and (relname = 'poll_early' or relname < 'poll_' || to_char(kept_from, 'YYYY_MM'))
    loop
        execute format('alter table core.poll detach partition %s', month_table);
        execute format('drop table %s', month_table);
    end loop;
    alter table core.poll_early_next rename to poll_early;
    alter table core.poll_early add primary key (store_key, polled_at, file_id, part_no);
    comment on table core.poll_early is
        'Polls before the first month that is kept whole: of each store those that the weeks after it rest on.';
    grant select, insert, delete on core.poll_early to store_uptime_writer;
    grant select on core.poll_early to store_uptime_reader;
    execute format('alter table core.poll attach partition core.poll_early for values from (minvalue) to (%L)', kept_from_at);
    analyze core.poll_early;
    insert into core.poll_horizon as horizon (kept_from, polls_dropped, polls_left, moved_at)
    values (forget_polls.kept_from, before_count - left_count, left_count, forget_polls.moved_at)
    on conflict on constraint poll_horizon_pkey do update
    set
        polls_dropped = horizon.polls_dropped + excluded.polls_dropped,
        polls_left = excluded.polls_left,
        moved_at = excluded.moved_at;
    return before_count - left_count;
end
$$;
comment on function core.forget_polls(date, timestamptz) is
    'Drops the months of polls before a month, but for bridging_polls, which stay in core.poll_early; returns how many went.';

alter table core.file drop constraint file_state_check;
alter table core.file add constraint file_state_check check (state in ('staged', 'accepted', 'rejected', 'forgotten'));
drop index core.file_content_key;
create unique index file_content_key on core.file (kind, content_sha256) where state in ('staged', 'accepted');
comment on table core.file is 'One row per distinct file content that was loaded (a rejected or forgotten one may come again).';
comment on column core.file.state is
    'staged: rows are here, no report may use them; accepted: validated; rejected: rows are gone; forgotten: a snapshot that was accepted, its rows are gone since no report rests on it.';

revoke all on all functions in schema core from public;
grant execute on all functions in schema core to store_uptime_writer;
