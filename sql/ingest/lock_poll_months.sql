-- Keeps the months of polls where they are to the end of the transaction: they may become more, but none goes.
select pg_advisory_xact_lock_shared(hashtextextended('core.poll months', 0))
