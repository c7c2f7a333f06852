-- noqa: disable=LT05
drop view core.poll;
alter table core.file drop column is_merged;
drop function core.create_poll_month(date);
drop function core.forget_polls(date, timestamptz);
drop function core.merge_polls(date, date, integer);
drop function core.bridging_polls(date);
drop function core.longest_gap_us(timestamptz[]);

create table core.poll (
    store_key bigint not null,
    polled_at timestamptz not null,
    file_id integer not null,
    part_no smallint not null,
    is_active boolean not null,
    primary key (store_key, polled_at, file_id, part_no)
) partition by range (polled_at);
do $$
begin
    execute format(
        'create table core.poll_early partition of core.poll for values from (minvalue) to (%L)',
        core.first_poll_month()::timestamp at time zone 'UTC'
    );
end
$$;
grant select on core.poll, core.poll_early to store_uptime_reader;
grant select, insert, update, delete on core.poll, core.poll_early to store_uptime_writer;

create function core.begin_poll_month(month date) returns table (poll_table text, is_new boolean)
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

create function core.finish_poll_month(month date) returns void
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

create function core.bridging_polls(kept_from date)
returns table (store_key bigint, polled_at timestamptz, file_id integer, part_no smallint, is_active boolean)
language plpgsql stable set search_path = pg_catalog as $$
#variable_conflict use_column
declare
    kept_from_at timestamptz := kept_from::timestamp at time zone 'UTC';
    oldest_pin bigint;
begin
    select min(report.accepted_order) into oldest_pin
    from report.report
    where report.as_of - interval '168 hours' >= kept_from_at;
    if oldest_pin is null then
        select max(acceptance.accepted_order) into oldest_pin from core.acceptance;
    end if;
    return query
        select early_poll.store_key, early_poll.polled_at, early_poll.file_id, early_poll.part_no, early_poll.is_active
        from (
            select
                poll.store_key,
                poll.polled_at,
                poll.file_id,
                poll.part_no,
                poll.is_active,
                accepted_file.visible_from,
                min(accepted_file.visible_from) over (
                    partition by poll.store_key
                    order by poll.polled_at desc, poll.file_id desc, poll.part_no desc
                    rows between unbounded preceding and 1 preceding
                ) as hidden_from
            from core.poll
            left join (
                select
                    acceptance.file_id,
                    greatest(min(acceptance.accepted_order), oldest_pin) as visible_from
                from core.acceptance
                group by acceptance.file_id
            ) as accepted_file on accepted_file.file_id = poll.file_id
            where poll.polled_at < kept_from_at
        ) as early_poll
        where
            early_poll.visible_from is null
            or early_poll.hidden_from is null
            or early_poll.visible_from < early_poll.hidden_from;
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

create or replace function core.analyze_loaded() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze core.store, core.business_hours, core.store_timezone, core.snapshot_store, core.status_interval;
end
$$;

revoke all on all functions in schema core from public;
grant execute on all functions in schema core to store_uptime_writer;

select
    core.begin_poll_month(month),
    core.finish_poll_month(month)
from (
    select to_date(substr(pg_class.relname, 10), 'YYYY_MM') as month
    from pg_inherits
    inner join pg_class on pg_inherits.inhrelid = pg_class.oid
    where pg_inherits.inhparent = cast('core.poll_day' as regclass) and pg_class.relname <> 'poll_day_early'
) as poll_month;

insert into core.poll (store_key, polled_at, file_id, part_no, is_active)
select
    poll_day.store_key,
    poll.polled_at,
    coalesce(poll.file_id, poll_day.file_id),
    row_number() over (
        partition by poll_day.store_key, poll.polled_at, coalesce(poll.file_id, poll_day.file_id)
        order by poll_day.row_no, poll.position
    ) - 1,
    poll.is_active
from core.poll_day
cross join lateral unnest(poll_day.instants, poll_day.statuses, poll_day.file_ids)
with ordinality as poll (polled_at, is_active, file_id, position);

drop table core.poll_day;
