-- name: lock
-- One acceptance at a time: the order of core.acceptance is the order in which files became visible.
select pg_advisory_xact_lock(hashtextextended('core.acceptance', 0));

-- name: mark_files
-- Files that are visible now.
--
-- writes  core.file.state
-- binds   file_ids
update core.file
set state = 'accepted'
where file_id = any(:file_ids);

-- name: has_polls
-- Whether any status file was ever accepted, so that a folder without one is no error.
--
-- reads   core.acceptance
select exists(select from core.acceptance where kind = 'store_status');

-- name: date_report
-- The report looks back from as_of: the one asked for, or the newest poll.
--
-- writes  report.report, one row
-- binds   report_id, newest_polled_at
update report.report
set as_of = coalesce(as_of_requested, :newest_polled_at)
where report_id = :report_id
returning as_of, as_of_limit, accepted_order, shards;

-- name: analyze_loaded
-- Fresh statistics of the tables that a load fills.
select core.analyze_loaded();
