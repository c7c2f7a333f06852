-- A file that the run found in the data folder.
--
-- writes  report.source_file, one row
-- binds   report_id, file_id, name
insert into report.source_file (report_id, file_id, name)
values (:report_id, :file_id, :name)
on conflict (report_id, file_id) do nothing
