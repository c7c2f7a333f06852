-- name: add
-- Files that the DAG run found in the data folder: its snapshots, and status files that no report could use yet.
--
-- writes  report.source_file, one row per file
-- binds   report_id, file_ids, names (of the same files, in the same order)
insert into report.source_file (report_id, file_id, name)
select
    :report_id,
    found.file_id,
    found.name
from unnest(cast(:file_ids as integer[]), cast(:names as text[])) as found (file_id, name)
on conflict (report_id, file_id) do nothing;

-- name: list
-- The files that the DAG run brought (see add), in the order in which they were first loaded.
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

-- name: find_discarded
-- Files that a loader found, and that another loader discarded. A file that is there but not the DAG run's any more is
-- none of them: a loader that began later did not list it, because it was removed, or another DAG run has accepted it.
--
-- reads   core.file
-- yields  one file_id per file
-- binds   file_ids
select found.file_id
from unnest(cast(:file_ids as integer[])) as found (file_id)
left join core.file on found.file_id = file.file_id
where file.file_id is null
order by found.file_id;

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
