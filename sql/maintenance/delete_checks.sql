-- What was found about the input of reports.
--
-- writes  quality.expectation_result
-- binds   report_ids
delete from quality.expectation_result
where report_id = any(cast(:report_ids as uuid[]))
