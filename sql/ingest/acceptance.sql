-- name: has_polls
-- Whether any status file was ever accepted; if so, a folder without one is no error.
--
-- reads   core.acceptance
select exists(select from core.acceptance where kind = 'store_status');

-- name: lock
-- One acceptance at a time, so that core.acceptance is in the order in which files became visible; ends with the
-- transaction.
select pg_advisory_xact_lock(hashtextextended('core.acceptance', 0));

-- name: mark_files
-- Files that are visible now.
--
-- writes  core.file.state
-- binds   file_ids
update core.file
set state = 'accepted'
where file_id = any(:file_ids);

-- name: analyze_loaded
-- Statistics of the tables that a load fills: the report is planned with them right after it.
select core.analyze_loaded();

-- name: date_report
-- The report looks back from the as_of that was requested, else from the newest poll.
--
-- writes  report.report, one row
-- yields  the row's as_of, as_of_limit, accepted_order and shards
-- binds   report_id, newest_polled_at
update report.report
set as_of = coalesce(as_of_requested, :newest_polled_at)
where report_id = :report_id
returning as_of, as_of_limit, accepted_order, shards;
