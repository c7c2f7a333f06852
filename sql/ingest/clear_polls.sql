-- The polls of a file that is void. The bounds let the server skip the months that the file has no polls of.
--
-- writes  core.poll
-- binds   file_id, first_polled_at, last_polled_at (of the file; null: it has no polls)
delete from core.poll
where file_id = :file_id and polled_at between :first_polled_at and :last_polled_at
