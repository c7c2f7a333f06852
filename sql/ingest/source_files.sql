-- name: add
-- A file that the DAG run found in the data folder.
--
-- writes  report.source_file, one row
-- binds   report_id, file_id, name
insert into report.source_file (report_id, file_id, name)
values (:report_id, :file_id, :name)
on conflict (report_id, file_id) do nothing;

-- name: list
-- The files that the DAG run found in the data folder, in the order in which they were first loaded.
--
-- reads   report.source_file, core.file
-- yields  one row per file
-- binds   report_id
select
    file.file_id,
    source_file.name,
    file.kind,
    file.state,
    file.rejected_because
from report.source_file
inner join core.file using (file_id)
where source_file.report_id = :report_id
order by file.file_id;

-- name: mark_accepted
-- All files of the DAG run are visible now, or were before.
--
-- writes  report.source_file.is_accepted
-- binds   report_id
update report.source_file
set is_accepted = true
where report_id = :report_id;

-- name: clear
-- What an earlier attempt found.
--
-- writes  report.source_file
-- binds   report_id
delete from report.source_file
where report_id = :report_id;

-- name: delete_file
-- A file that is discarded is no DAG run's any more; loaders of other DAG runs that found it see that it is missing.
--
-- writes  report.source_file
-- binds   file_id
delete from report.source_file
where file_id = :file_id;
