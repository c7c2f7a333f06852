-- name: analyze
-- Statistics of all tables: a dump does not contain them.
analyze;

-- name: create_roles
-- The roles of tasks and of the API, as migrations create them: they belong to the server and are in no dump.
do $$
begin
    perform pg_advisory_xact_lock(hashtextextended('store_uptime roles', 0));
    if not exists (select from pg_roles where rolname = 'store_uptime_writer') then
        create role store_uptime_writer nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'store_uptime_reader') then
        create role store_uptime_reader nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'store_uptime_editor') then
        create role store_uptime_editor nologin;
    end if;
    execute format('grant store_uptime_reader, store_uptime_writer, store_uptime_editor to %I', current_user);
end
$$;

-- name: export_snapshot
-- A name for what this transaction sees, so that pg_dump and the list of files show the same instant.
select pg_export_snapshot();

-- name: has_outbox
-- Whether the database has the outbox of messages, which older backups do not have.
select to_regclass('delivery.outbox') is not null;

-- name: list_published
-- The CSV files of published reports.
--
-- reads   report.report
-- yields  one row per published report
select
    report_id,
    csv_path
from report.report
where published_at is not null
order by report_id;

-- name: list_tables
-- The tables of a database, without those of extensions: an empty one has none.
--
-- reads   pg_class, pg_depend
-- yields  one name per table
select pg_namespace.nspname || '.' || pg_class.relname as table_name
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
where
    pg_class.relkind in ('r', 'p', 'v', 'm', 'S')
    and pg_namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and not exists (
        select
        from pg_depend
        where
            pg_depend.classid = 'pg_class'::regclass
            and pg_depend.objid = pg_class.oid
            and pg_depend.deptype = 'e'
    )
order by table_name;

-- name: move_reports
-- Reports whose CSV files are in another folder now.
--
-- writes  report.report.csv_path
-- binds   report_ids, folder
update report.report
set csv_path = cast(:folder as text) || '/' || report_id || '.csv'
where report_id = any(cast(:report_ids as uuid[]));
