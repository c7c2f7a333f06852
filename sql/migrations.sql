-- name: lock
-- One process migrates at a time; ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('store_uptime migrations', 0));
