-- the sums of months --------------------------------------------------------------------------------------------------

create table history.store_month (
    store_key bigint not null,
    month date not null,
    first_date date not null,
    last_date date not null,
    last_final_date date,
    days bigint not null,
    open_us bigint not null,
    planned_us bigint not null,
    up_us bigint not null,
    down_us bigint not null,
    unknown_us bigint not null,
    opened_late_us bigint not null,
    closed_early_us bigint not null,
    missed_openings bigint not null,
    primary key (store_key, month)
);
comment on table history.store_month is
'The sums of a store''s days (history.day) in a month: those who ask about whole months read few rows.';
comment on column history.store_month.month is 'Its first date.';
comment on column history.store_month.first_date is 'The first of the days.';
comment on column history.store_month.last_final_date is 'The last of the days that are final; null: none.';

insert into history.store_month (
    store_key, month, first_date, last_date, last_final_date, days, open_us, planned_us, up_us, down_us, unknown_us,
    opened_late_us, closed_early_us, missed_openings
)
select
    store_key,
    cast(date_trunc('month', cast(local_date as timestamp)) as date) as month,
    min(local_date) as first_date,
    max(local_date) as last_date,
    max(local_date) filter (where is_final) as last_final_date,
    count(*) as days,
    cast(sum(open_us) as bigint) as open_us,
    cast(sum(planned_us) as bigint) as planned_us,
    cast(sum(up_us) as bigint) as up_us,
    cast(sum(down_us) as bigint) as down_us,
    cast(sum(unknown_us) as bigint) as unknown_us,
    cast(sum(opened_late_us) as bigint) as opened_late_us,
    cast(sum(closed_early_us) as bigint) as closed_early_us,
    cast(sum(missed_openings) as bigint) as missed_openings
from history.day
group by store_key, month;

grant select on history.store_month to store_uptime_reader, store_uptime_writer;
grant insert, update, delete on history.store_month to store_uptime_writer;

create or replace function history.analyze_published() returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    grown text;
begin
    -- When a table has grown by a fifth. On Citus the rows are elsewhere: no size is known. Only columns that statements
    -- choose or join rows by: those of multiranges alone would take half of the time.
    for grown in
        select
            pg_class.oid::regclass || case pg_class.relname
                when 'day' then ' (store_key, local_date, is_final)'
                when 'outage' then ' (store_key, started_at, ended_at, started_on, ended_on, ended_by)'
                when 'outage_day' then ' (store_key, local_date, started_at)'
                when 'store_month' then ' (store_key, month, first_date, last_date)'
                else ''
            end
        from pg_class
        where
            pg_class.relnamespace = 'history'::regnamespace
            and pg_class.relname
            = any('{day,outage,outage_day,store,store_group,store_month,store_target,store_now}'::text[])
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
        execute 'analyze ' || grown;
    end loop;
end
$$;
