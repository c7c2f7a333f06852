-- The files of a run are visible now, or were found so.
--
-- writes  report.source_file.is_accepted
-- binds   report_id
update report.source_file
set is_accepted = true
where report_id = :report_id
