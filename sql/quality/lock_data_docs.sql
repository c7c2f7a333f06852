-- One list of runs is written at a time, so that none misses a run; ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('store_uptime data docs', 0))
