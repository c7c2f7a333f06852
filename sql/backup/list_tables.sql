-- The tables of a database, of which an empty one has none but those of extensions.
--
-- reads   pg_class, pg_depend
-- yields  one name per table
select pg_namespace.nspname || '.' || pg_class.relname
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
order by 1
