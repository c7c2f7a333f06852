-- A report, with what was found about its input and the small tables of its stages, which go with its row.
--
-- writes  report.report, source_file, task_run, zone_segment, zone_day; quality.expectation_result
-- binds   report_id
delete from report.report
where report_id = :report_id
