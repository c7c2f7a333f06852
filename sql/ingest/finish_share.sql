-- The facts of a share whose rows are all in.
--
-- writes  core.file_share
-- binds   file_id, share, has_runs, rows_read, rows_quarantined, rows_replaced, store_count, first_polled_at,
--         last_polled_at
update core.file_share
set
    is_loaded = true,
    has_runs = :has_runs,
    rows_read = :rows_read,
    rows_quarantined = :rows_quarantined,
    rows_replaced = :rows_replaced,
    store_count = :store_count,
    first_polled_at = :first_polled_at,
    last_polled_at = :last_polled_at
where file_id = :file_id and share = :share
