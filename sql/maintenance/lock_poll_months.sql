-- Waits until nobody fills months of polls that others fill too, and keeps them from it until the transaction ends.
select pg_advisory_xact_lock(hashtextextended('core.poll months', 0))
