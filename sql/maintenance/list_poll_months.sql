-- The months that have a table of their own.
--
-- reads   core.poll's partitions
-- yields  one row per table, oldest first
select
    'core.' || pg_class.relname as table_name,
    to_date(substr(pg_class.relname, 6), 'YYYY_MM') as month
from pg_inherits
inner join pg_class on pg_inherits.inhrelid = pg_class.oid
where pg_inherits.inhparent = cast('core.poll' as regclass) and pg_class.relname <> 'poll_early'
order by pg_class.relname
