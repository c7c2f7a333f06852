-- The files of reports are in another folder now.
--
-- writes  report.report.csv_path
-- binds   report_ids, folder
update report.report
set csv_path = cast(:folder as text) || '/' || report_id || '.csv'
where report_id = any(cast(:report_ids as uuid[]))
