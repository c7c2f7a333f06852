-- name: add
-- A file that the run found in the data folder.
--
-- writes  report.source_file, one row
-- binds   report_id, file_id, name
insert into report.source_file (report_id, file_id, name)
values (:report_id, :file_id, :name)
on conflict (report_id, file_id) do nothing;

-- name: list
-- The files the run found in its folder, in the order they were first loaded.
--
-- reads   report.source_file, core.file
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
-- The files of a run are visible now, or were found so.
--
-- writes  report.source_file.is_accepted
-- binds   report_id
update report.source_file
set is_accepted = true
where report_id = :report_id;

-- name: clear
-- writes  report.source_file
-- binds   report_id
delete from report.source_file
where report_id = :report_id;

-- name: delete_file
-- No run has found a file that is given up; one that had it in mind sees that it is gone.
--
-- writes  report.source_file
-- binds   file_id
delete from report.source_file
where file_id = :file_id;
