-- No run has found a file that is given up; one that had it in mind sees that it is gone.
--
-- writes  report.source_file
-- binds   file_id
delete from report.source_file
where file_id = :file_id
