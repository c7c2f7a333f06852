-- The polls of a file that is given up. The bounds let the server skip the months that it has none of.
--
-- writes  core.poll
-- binds   file_id, first_polled_at, last_polled_at
delete from core.poll
where
    file_id = :file_id
    and polled_at between :first_polled_at and :last_polled_at
