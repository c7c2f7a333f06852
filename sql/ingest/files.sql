-- name: lock_content
-- Waits until no other transaction loads the same content, and makes others wait until this one ends.
--
-- binds   content_sha256
select pg_advisory_xact_lock(hashtextextended('core.file ' || :content_sha256, 0));

-- name: find
-- The file with this content, if it is loaded, completely or in part.
--
-- reads   core.file
-- yields  its file_id, or nothing
-- binds   kind, content_sha256
select file_id
from core.file
where kind = :kind and content_sha256 = :content_sha256 and state in ('loading', 'staged', 'accepted');

-- name: add
-- A new file, of which nothing is loaded yet; its counts follow when its rows are loaded (finish).
--
-- writes  core.file, one row
-- yields  its file_id
-- binds   kind, content_sha256, name, size_bytes, loaded_at
insert into core.file (kind, content_sha256, name, size_bytes, state, loaded_at)
values (:kind, :content_sha256, :name, :size_bytes, 'loading', :loaded_at)
returning file_id;

-- name: copy_quarantined_rows
-- writes  quality.quarantined_row, one row per unusable row of a file
copy quality.quarantined_row (file_id, line_number, column_name, reason, raw_text) from stdin with (format csv);

-- name: finish
-- A file is staged when all its partitions are loaded; its counts and times are theirs together.
--
-- reads   core.file_partition
-- writes  core.file, one row; none while a partition is missing
-- binds   file_id
update core.file
set
    state = 'staged',
    has_intervals = whole.has_intervals,
    rows_read = whole.rows_read,
    rows_quarantined = whole.rows_quarantined,
    rows_replaced = whole.rows_replaced,
    tolerated = coalesce(
        (
            select jsonb_object_agg(spelling.name, spelling.times)
            from (
                select
                    entry.key as name,
                    sum(cast(entry.value as bigint)) as times
                from core.file_partition
                cross join lateral jsonb_each_text(file_partition.tolerated) as entry
                where file_partition.file_id = :file_id
                group by entry.key
            ) as spelling
        ),
        '{}'
    ),
    store_count = whole.store_count,
    first_polled_at = whole.first_polled_at,
    last_polled_at = whole.last_polled_at
from (
    select
        file_id,
        bool_and(is_loaded) as is_loaded,
        bool_and(has_intervals) as has_intervals,
        sum(rows_read) as rows_read,
        sum(rows_quarantined) as rows_quarantined,
        sum(rows_replaced) as rows_replaced,
        sum(store_count) as store_count,
        min(first_polled_at) as first_polled_at,
        max(last_polled_at) as last_polled_at
    from core.file_partition
    where file_id = :file_id
    group by file_id
) as whole
where file.file_id = whole.file_id and file.state = 'loading' and whole.is_loaded;

-- name: delete
-- A file that is discarded while it is loading: the same content may come again.
--
-- writes  core.file (with it core.file_partition and quality.quarantined_row)
-- binds   file_id
delete from core.file
where file_id = :file_id and state = 'loading';
