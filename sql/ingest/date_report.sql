-- The report looks back from as_of: the one asked for, or the newest poll.
--
-- writes  report.report, one row
-- binds   report_id, newest_polled_at
update report.report
set as_of = coalesce(as_of_requested, :newest_polled_at)
where report_id = :report_id
returning as_of, as_of_limit, accepted_order, shards
