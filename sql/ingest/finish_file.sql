-- The facts of a file whose rows are all in.
--
-- writes  core.file
-- binds   file_id, rows_read, rows_quarantined, rows_replaced, store_count, first_polled_at, last_polled_at
update core.file
set
    rows_read = :rows_read,
    rows_quarantined = :rows_quarantined,
    rows_replaced = :rows_replaced,
    store_count = :store_count,
    first_polled_at = :first_polled_at,
    last_polled_at = :last_polled_at
where file_id = :file_id
