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
order by file.file_id
