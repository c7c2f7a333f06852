-- Fresh statistics of what status files brought, which is gone when they are accepted: what autovacuum knows of these
-- tables is how they were empty, and a plan for that would compare each new run with all others.
select core.analyze_staged()
