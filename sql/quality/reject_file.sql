-- A staged file that failed, unless it was accepted meanwhile: the same content may come again. Its rows go after it.
--
-- writes  core.file, one row
-- yields  the file, if it was staged, and between which instants it has polls
-- binds   file_id, rejected_because
update core.file
set
    state = 'rejected',
    rejected_because = :rejected_because
where file_id = :file_id and state = 'staged'
returning file_id, first_polled_at, last_polled_at
