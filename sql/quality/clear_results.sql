-- What an earlier try of the same report found.
--
-- writes  quality.expectation_result
-- binds   report_id
delete from quality.expectation_result
where report_id = :report_id
