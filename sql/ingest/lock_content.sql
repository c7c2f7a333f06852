-- Waits until no other transaction loads the same content, and keeps others waiting until this one ends.
--
-- binds   content_sha256
select pg_advisory_xact_lock(hashtextextended('core.file ' || :content_sha256, 0))
