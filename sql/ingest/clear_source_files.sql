-- writes  report.source_file
-- binds   report_id
delete from report.source_file
where report_id = :report_id
