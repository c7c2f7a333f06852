-- polls by store and day, in place of a row for each poll -------------------------------------------------------------

alter table core.poll rename to poll_row;

create table core.poll_day (
    store_key bigint not null,
    first_polled_at timestamptz not null,
    last_polled_at timestamptz not null,
    longest_gap_us bigint not null,
    utc_day date not null,
    file_id integer not null,
    row_no integer not null,
    polls integer not null,
    instants timestamptz[] not null,
    statuses boolean[] not null,
    file_ids integer[],
    primary key (store_key, utc_day, file_id, row_no)
) partition by range (utc_day);
comment on table core.poll_day is
'The polls of a store on a UTC day from one file, or from several that maintenance has merged; the view core.poll has '
'one row for each poll. Never updated: rows are visible once their file is accepted.';
comment on column core.poll_day.longest_gap_us is
'The longest time between two neighbouring polls of the row, in microseconds; 0 if it has one poll.';
comment on column core.poll_day.file_id is 'The file of the polls; of merged rows the newest one.';
comment on column core.poll_day.row_no is
'0, but for stores with thousands of polls on a day: their polls are in several rows. Of polls of one file at one '
'instant the one in the highest row_no counts.';
comment on column core.poll_day.instants is 'When the store was polled, in rising order.';
comment on column core.poll_day.statuses is 'The status of each poll: whether it is active.';
comment on column core.poll_day.file_ids is
'The file of each poll of a merged row, polls of one instant in the order of their files. Null: all are of file_id.';

alter table core.file add column is_merged boolean not null default false;
comment on column core.file.is_merged is
'Whether maintenance has merged the polls of a status file with those of others: it does not look at them again.';

create function core.longest_gap_us(instants timestamptz[]) returns bigint
language plpgsql immutable set search_path = pg_catalog as $$
begin
    return (
        select coalesce(max(extract(epoch from polled_at - previous_polled_at)) * 1000000, 0)
        from (
            select
                polled_at,
                lag(polled_at) over (order by polled_at) as previous_polled_at
            from unnest(instants) as polled_at
        ) as poll
    );
end
$$;
comment on function core.longest_gap_us(timestamptz[]) is
'The longest time between two neighbouring instants, in microseconds.';

drop function core.begin_poll_month(date);
drop function core.finish_poll_month(date);
drop function core.bridging_polls(date);
drop function core.forget_polls(date, timestamptz);

create function core.create_poll_month(month date) returns text
language plpgsql security definer set search_path = pg_catalog as $$
declare
    table_name text := 'poll_day_' || to_char(month, 'YYYY_MM');
begin
    -- One lock for all months: two loads that bring the same months in another order would wait in a circle.
    perform pg_advisory_xact_lock(hashtextextended('core.poll', 0));
    if month < core.first_poll_month() then
        return 'core.poll_day_early';
    end if;
    if to_regclass('core.' || table_name) is null then
        -- Created and attached, not created as a partition: that would wait for reports, and let them wait.
        execute format('create table core.%I (like core.poll_day including comments)', table_name);
        execute format('alter table core.%I add primary key (store_key, utc_day, file_id, row_no)', table_name);
        execute format(
            'alter table core.poll_day attach partition core.%I for values from (%L) to (%L)',
            table_name, month, month + interval '1 month'
        );
        execute format('grant select, insert, delete on core.%I to store_uptime_writer', table_name);
    end if;
    return 'core.' || table_name;
end
$$;
comment on function core.create_poll_month(date) is
'The table that takes the polls of a month (UTC); it is created if it is not there.';

do $$
declare
    first_month date := core.first_poll_month();
begin
    execute 'create table core.poll_day_early (like core.poll_day including comments)';
    execute 'alter table core.poll_day_early add primary key (store_key, utc_day, file_id, row_no)';
    execute format(
        'alter table core.poll_day attach partition core.poll_day_early for values from (minvalue) to (%L)', first_month
    );
end
$$;
comment on table core.poll_day_early is
'Polls before the first month that is kept whole: of each store those that the weeks after it rest on.';

select core.create_poll_month(to_date(substr(pg_class.relname, 6), 'YYYY_MM'))
from pg_inherits
inner join pg_class on pg_inherits.inhrelid = pg_class.oid
where pg_inherits.inhparent = cast('core.poll_row' as regclass) and pg_class.relname <> 'poll_early'
order by pg_class.relname;

insert into core.poll_day (
    store_key, first_polled_at, last_polled_at, longest_gap_us, utc_day, file_id, row_no, polls, instants, statuses
)
select
    store_key,
    min(polled_at),
    max(polled_at),
    core.longest_gap_us(array_agg(polled_at order by polled_at)),
    utc_day,
    file_id,
    part_no * 256 + number / 4096 as row_no,
    count(*),
    array_agg(polled_at order by polled_at),
    array_agg(is_active order by polled_at)
from (
    select
        store_key,
        polled_at,
        cast(polled_at at time zone 'UTC' as date) as utc_day,
        file_id,
        part_no,
        is_active,
        row_number() over (
            partition by store_key, file_id, part_no, cast(polled_at at time zone 'UTC' as date)
            order by polled_at
        ) - 1 as number
    from core.poll_row
) as poll
group by store_key, utc_day, file_id, part_no * 256 + number / 4096
order by store_key, utc_day, file_id, row_no;

drop table core.poll_row;

create view core.poll as
select
    poll_day.store_key,
    poll_day.utc_day,
    poll.polled_at,
    coalesce(poll.file_id, poll_day.file_id) as file_id,
    poll_day.row_no,
    poll.position,
    poll.is_active
from core.poll_day
cross join lateral unnest(poll_day.instants, poll_day.statuses, poll_day.file_ids)
with ordinality as poll (polled_at, is_active, file_id, position);
comment on view core.poll is
'One row for each poll of a file. Of several of one store and instant the last in (file_id, row_no, position) counts. '
'Whoever reads it names the days (utc_day) or the store: it unnests the rows of core.poll_day.';

-- maintenance of polls ------------------------------------------------------------------------------------------------

create function core.bridging_polls(kept_from date) returns setof core.poll_day
language plpgsql stable set search_path = pg_catalog as $$
declare
    oldest_pin bigint;
begin
    select min(report.accepted_order) into oldest_pin
    from report.report
    where report.as_of - interval '168 hours' >= kept_from::timestamp at time zone 'UTC';
    if oldest_pin is null then
        select max(acceptance.accepted_order) into oldest_pin from core.acceptance;
    end if;
    return query
        select
            early_poll.store_key,
            min(early_poll.polled_at),
            max(early_poll.polled_at),
            core.longest_gap_us(array_agg(early_poll.polled_at)),
            early_poll.utc_day,
            max(early_poll.file_id),
            early_poll.row_no,
            count(*)::integer,
            array_agg(early_poll.polled_at order by early_poll.position),
            array_agg(early_poll.is_active order by early_poll.position),
            case
                when bool_or(early_poll.is_merged) then array_agg(early_poll.file_id order by early_poll.position)
            end
        from (
            select
                poll.store_key,
                poll.utc_day,
                poll.row_file_id,
                poll.row_no,
                poll.is_merged,
                poll.position,
                poll.polled_at,
                poll.is_active,
                poll.file_id,
                accepted_file.visible_from,
                min(accepted_file.visible_from) over (
                    partition by poll.store_key
                    order by poll.polled_at desc, poll.file_id desc, poll.row_no desc, poll.position desc
                    rows between unbounded preceding and 1 preceding
                ) as hidden_from
            from (
                select
                    poll_day.store_key,
                    poll_day.utc_day,
                    poll_day.file_id as row_file_id,
                    poll_day.row_no,
                    poll_day.file_ids is not null as is_merged,
                    unnested.position,
                    unnested.polled_at,
                    unnested.is_active,
                    coalesce(unnested.file_id, poll_day.file_id) as file_id
                from core.poll_day
                cross join lateral unnest(poll_day.instants, poll_day.statuses, poll_day.file_ids)
                    with ordinality as unnested (polled_at, is_active, file_id, position)
                where poll_day.utc_day < kept_from
            ) as poll
            left join (
                select
                    acceptance.file_id,
                    greatest(min(acceptance.accepted_order), oldest_pin) as visible_from
                from core.acceptance
                group by acceptance.file_id
            ) as accepted_file on accepted_file.file_id = poll.file_id
        ) as early_poll
        where
            early_poll.visible_from is null
            or early_poll.hidden_from is null
            or early_poll.visible_from < early_poll.hidden_from
        group by early_poll.store_key, early_poll.utc_day, early_poll.row_file_id, early_poll.row_no;
end
$$;
comment on function core.bridging_polls(date) is
'The polls before a month that the weeks after it rest on: of each store the last one, as every report that looks back '
'on such a week sees it, and those of files not accepted yet.';

create function core.forget_polls(kept_from date, moved_at timestamptz) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    month_table regclass;
    before_count bigint;
    left_count bigint;
begin
    -- As create_poll_month: no month comes meanwhile.
    perform pg_advisory_xact_lock(hashtextextended('core.poll', 0));
    if kept_from < core.first_poll_month() then
        raise exception 'the polls before % are gone already', core.first_poll_month();
    end if;
    -- Nor are any deleted between being copied and being dropped; reports go on reading.
    lock table core.poll_day in share mode;
    create table core.poll_day_early_next (like core.poll_day including comments);
    insert into core.poll_day_early_next
    select * from core.bridging_polls(kept_from) order by store_key, utc_day, file_id, row_no;
    select coalesce(sum(polls), 0) into left_count from core.poll_day_early_next;
    select coalesce(sum(polls), 0) into before_count from core.poll_day where utc_day < kept_from;
    for month_table in
        select inhrelid::regclass
        from pg_inherits
        inner join pg_class on pg_class.oid = pg_inherits.inhrelid
        where
            inhparent = 'core.poll_day'::regclass
            and (relname = 'poll_day_early' or relname < 'poll_day_' || to_char(kept_from, 'YYYY_MM'))
    loop
        execute format('alter table core.poll_day detach partition %s', month_table);
        execute format('drop table %s', month_table);
    end loop;
    alter table core.poll_day_early_next rename to poll_day_early;
    alter table core.poll_day_early add primary key (store_key, utc_day, file_id, row_no);
    comment on table core.poll_day_early is
        'Polls before the first month that is kept whole: of each store those that the weeks after it rest on.';
    grant select, insert, delete on core.poll_day_early to store_uptime_writer;
    grant select on core.poll_day_early to store_uptime_reader;
    execute format(
        'alter table core.poll_day attach partition core.poll_day_early for values from (minvalue) to (%L)', kept_from
    );
    analyze core.poll_day_early;
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
'Drops the months of polls before a month, except bridging_polls, which stay in core.poll_day_early; returns how many '
'were dropped.';

create function core.merge_polls(month date, over_before date, max_polls integer) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    table_name text := 'poll_day_' || to_char(month, 'YYYY_MM');
    before_count bigint;
    after_count bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('core.poll', 0));
    lock table core.poll_day in share mode;
    create table core.poll_day_next (like core.poll_day including comments);
    insert into core.poll_day_next
    with day_row as (
        select
            poll_day.*,
            accepted_file.file_id is not null and poll_day.utc_day < over_before as is_over,
            count(accepted_file.file_id) over of_day
            > ceil(
                sum(poll_day.polls) filter (where accepted_file.file_id is not null) over of_day / max_polls::numeric
            ) as has_more_rows_than_needed
        from core.poll_day
        left join core.file as accepted_file
            on accepted_file.file_id = poll_day.file_id and accepted_file.state = 'accepted'
        where poll_day.utc_day >= month and poll_day.utc_day < month + interval '1 month'
        window of_day as (partition by poll_day.store_key, poll_day.utc_day)
    ),

    merged_poll as (
        select
            poll.*,
            (
                row_number() over (
                    partition by poll.store_key, poll.utc_day
                    order by poll.polled_at, poll.file_id, poll.row_no, poll.position
                ) - 1
            ) / max_polls as merged_row_no,
            row_number() over (
                partition by poll.store_key, poll.utc_day
                order by poll.polled_at, poll.file_id, poll.row_no, poll.position
            ) as number
        from (
            select
                day_row.store_key,
                day_row.utc_day,
                day_row.row_no,
                unnested.position,
                unnested.polled_at,
                unnested.is_active,
                coalesce(unnested.file_id, day_row.file_id) as file_id
            from day_row
            cross join lateral unnest(day_row.instants, day_row.statuses, day_row.file_ids)
                with ordinality as unnested (polled_at, is_active, file_id, position)
            where day_row.is_over and day_row.has_more_rows_than_needed
        ) as poll
    )

    select
        store_key, first_polled_at, last_polled_at, longest_gap_us, utc_day, file_id, row_no, polls, instants,
        statuses, file_ids
    from day_row
    where not (is_over and has_more_rows_than_needed)
    union all
    select
        store_key,
        min(polled_at),
        max(polled_at),
        core.longest_gap_us(array_agg(polled_at)),
        utc_day,
        max(file_id),
        merged_row_no,
        count(*),
        array_agg(polled_at order by number),
        array_agg(is_active order by number),
        case when min(file_id) <> max(file_id) then array_agg(file_id order by number) end
    from merged_poll
    group by store_key, utc_day, merged_row_no
    order by store_key, utc_day, file_id, row_no;
    get diagnostics after_count = row_count;
    execute format('select count(*) from core.%I', table_name) into before_count;
    execute format('alter table core.poll_day detach partition core.%I', table_name);
    execute format('drop table core.%I', table_name);
    execute format('alter table core.poll_day_next rename to %I', table_name);
    execute format('alter table core.%I add primary key (store_key, utc_day, file_id, row_no)', table_name);
    execute format('grant select, insert, delete on core.%I to store_uptime_writer', table_name);
    execute format(
        'alter table core.poll_day attach partition core.%I for values from (%L) to (%L)',
        table_name, month, month + interval '1 month'
    );
    execute format('analyze core.%I', table_name);
    return before_count - after_count;
end
$$;
comment on function core.merge_polls(date, date, integer) is
'Writes the table of a month anew: the polls of accepted files of a store on a day that is over are in as few rows as '
'they fit in; returns by how many rows it is smaller.';

-- statistics only of what has grown -----------------------------------------------------------------------------------

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
            ('core.snapshot_store', 1)
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

-- rights --------------------------------------------------------------------------------------------------------------

grant select, insert, delete on core.poll_day, core.poll_day_early to store_uptime_writer;
grant select on core.poll_day, core.poll_day_early, core.poll to store_uptime_reader;
grant select on core.poll to store_uptime_writer;
revoke all on all functions in schema core from public;
grant execute on all functions in schema core to store_uptime_writer;
