-- name: lock_contents
-- Waits until no other transaction loads the same contents, and makes others wait until this one ends. A content has
-- one of 256 locks, by its first byte, so that very many files need no more locks than the server has.
--
-- binds   content_sha256s
select pg_advisory_xact_lock(needed.key)
from (
    select distinct hashtextextended('core.file ' || left(content_sha256, 2), 0) as key
    from unnest(cast(:content_sha256s as text[])) as content_sha256
    order by key
) as needed;

-- name: find
-- The files with these contents that are loaded, completely or in part.
--
-- reads   core.file
-- yields  one row per file
-- binds   kinds, content_sha256s (of the same files, in the same order)
--
-- A rejected file is none of them: it comes again, as a new one, when it is still in the folder.
select
    file.file_id,
    file.kind,
    file.content_sha256
from core.file
inner join (
    select
        kind,
        content_sha256
    from unnest(cast(:kinds as text[]), cast(:content_sha256s as text[])) as listed (kind, content_sha256)
) as content on file.kind = content.kind and file.content_sha256 = content.content_sha256
where file.state in ('loading', 'staged', 'accepted');

-- name: add
-- New files, of which nothing is loaded yet, numbered in their order; counts follow when rows are loaded (finish).
--
-- writes  core.file, one row per file
-- yields  their file_ids
-- binds   kinds, content_sha256s, names, sizes_bytes (of the same files, in the same order), loaded_at
--
-- The order matters: of polls at one instant the one of the file with the larger number counts.
insert into core.file (kind, content_sha256, name, size_bytes, state, loaded_at)
select
    listed.kind,
    listed.content_sha256,
    listed.name,
    listed.size_bytes,
    'loading',
    :loaded_at
from unnest(
    cast(:kinds as text[]), cast(:content_sha256s as text[]), cast(:names as text[]), cast(:sizes_bytes as bigint[])
) with ordinality as listed (kind, content_sha256, name, size_bytes, position)
order by listed.position
returning file_id, kind, content_sha256;

-- name: copy_quarantined_rows
-- The unusable rows of files.
--
-- writes  quality.quarantined_row, one row per unusable row of a file
copy quality.quarantined_row (file_id, line_number, column_name, reason, raw_text) from stdin with (format csv);

-- name: finish
-- Files are staged when all their partitions are loaded; their counts and times are those of the partitions together.
--
-- reads   core.file_partition
-- writes  core.file, one row per file; none while a partition is missing
-- yields  their file_ids
-- binds   file_ids
--
-- Whichever loader comes last does it: each asks after its own partitions, and all but one find another still missing.
update core.file
set
    state = 'staged',
    has_intervals = whole.has_intervals,
    rows_read = whole.rows_read,
    rows_quarantined = whole.rows_quarantined,
    rows_replaced = whole.rows_replaced,
    tolerated = coalesce(spelled.tolerated, '{}'),
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
    where file_id = any(:file_ids)
    group by file_id
) as whole
left join (
    select
        spelling.file_id,
        jsonb_object_agg(spelling.name, spelling.times) as tolerated
    from (
        select
            file_partition.file_id,
            entry.key as name,
            sum(cast(entry.value as bigint)) as times
        from core.file_partition
        cross join lateral jsonb_each_text(file_partition.tolerated) as entry
        where file_partition.file_id = any(:file_ids)
        group by file_partition.file_id, entry.key
    ) as spelling
    group by spelling.file_id
) as spelled on whole.file_id = spelled.file_id
where file.file_id = whole.file_id and file.state = 'loading' and whole.is_loaded
returning file.file_id;

-- name: delete
-- A file that is discarded while it is loading: the same content may come again.
--
-- writes  core.file (with it core.file_partition and quality.quarantined_row)
-- binds   file_id
delete from core.file
where file_id = :file_id and state = 'loading';
