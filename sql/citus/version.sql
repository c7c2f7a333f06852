-- The version of Citus on the server; null without it.
select max(extversion)
from pg_extension
where extname = 'citus'
