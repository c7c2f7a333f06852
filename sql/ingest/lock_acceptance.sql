-- One acceptance at a time: the order of core.acceptance is the order in which files became visible.
select pg_advisory_xact_lock(hashtextextended('core.acceptance', 0))
