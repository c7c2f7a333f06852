create or replace function history.analyze_published() returns void
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

drop table history.store_month;
