-- What this transaction sees, for another session to see too: pg_dump and the list of files tell of the same instant.
select pg_export_snapshot()
