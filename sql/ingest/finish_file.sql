-- A file is staged when all its shares are loaded; its facts are theirs.
--
-- reads   core.file_share
-- writes  core.file
-- binds   file_id
update core.file
set
    state = 'staged',
    has_runs = whole.has_runs,
    rows_read = whole.rows_read,
    rows_quarantined = whole.rows_quarantined,
    rows_replaced = whole.rows_replaced,
    store_count = whole.store_count,
    first_polled_at = whole.first_polled_at,
    last_polled_at = whole.last_polled_at
from (
    select
        file_id,
        bool_and(is_loaded) as is_loaded,
        bool_and(has_runs) as has_runs,
        sum(rows_read) as rows_read,
        sum(rows_quarantined) as rows_quarantined,
        sum(rows_replaced) as rows_replaced,
        sum(store_count) as store_count,
        min(first_polled_at) as first_polled_at,
        max(last_polled_at) as last_polled_at
    from core.file_share
    where file_id = :file_id
    group by file_id
) as whole
where file.file_id = whole.file_id and file.state = 'loading' and whole.is_loaded
