-- The tables of a database, of which an empty one has none.
--
-- reads   pg_class
-- yields  one name per table
select pg_namespace.nspname || '.' || pg_class.relname
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
where
    pg_class.relkind in ('r', 'p', 'v', 'm', 'S')
    and pg_namespace.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by 1
