-- Pins the report to what is visible now: when its files are found, and for good when they are accepted, so that a
-- repeated task uses the same files.
--
-- reads   core.acceptance
-- writes  report.report.accepted_order
-- binds   report_id
update report.report
set accepted_order = (select max(acceptance.accepted_order) from core.acceptance)
where report_id = :report_id
