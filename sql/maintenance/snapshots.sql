-- name: list_superseded
-- Hours and zones files that another one has replaced, and that no kept report uses or found in the data folder.
--
-- reads   core.file, core.acceptance, report.report, report.source_file
-- yields  one row per file
-- binds   file_id (null: any)
select
    file.file_id,
    file.kind,
    file.name,
    file.content_sha256,
    file.rows_read
from core.file
where
    file.kind <> 'store_status'
    and file.state = 'accepted'
    and (cast(:file_id as integer) is null or file.file_id = :file_id)
    and file.file_id <> (
        select acceptance.file_id
        from core.acceptance
        where acceptance.kind = file.kind
        order by acceptance.accepted_order desc limit 1
    )
    and not exists (
        select
        from report.report
        where file.file_id in (report.business_hours_file_id, report.store_timezones_file_id)
    )
    and not exists (
        select
        from report.source_file
        where source_file.file_id = file.file_id
    )
order by file.file_id;

-- name: mark_forgotten
-- A snapshot whose rows are deleted; if the same content comes again, it is loaded again.
--
-- writes  core.file, one row
-- binds   file_id
update core.file
set state = 'forgotten'
where file_id = :file_id;
