-- name: list_old
-- Files with unusable rows that were loaded long ago, and that no kept report found in the data folder.
--
-- reads   core.file, quality.quarantined_row, report.source_file
-- yields  one row per file
-- binds   before (an instant)
select
    file.file_id,
    file.name,
    unusable.rows_quarantined
from core.file
cross join lateral (
    select count(*) as rows_quarantined
    from quality.quarantined_row
    where quarantined_row.file_id = file.file_id
) as unusable
where
    file.loaded_at < :before
    and file.state not in ('loading', 'staged')
    and unusable.rows_quarantined > 0
    and not exists (
        select
        from report.source_file
        where source_file.file_id = file.file_id
    )
order by file.file_id;

-- name: delete
-- writes  quality.quarantined_row
-- binds   file_ids
delete from quality.quarantined_row
where file_id = any(:file_ids);
