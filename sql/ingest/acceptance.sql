-- name: has_polls
-- Whether any status file was ever accepted; if so, a folder without one is no error.
--
-- reads   core.file
select exists(select from core.file where kind = 'store_status' and state = 'accepted');

-- name: lock
-- One acceptance at a time, so that core.acceptance is in the order in which files became visible; ends with the
-- transaction.
select pg_advisory_xact_lock(hashtextextended('core.acceptance', 0));

-- name: read_dates
-- From which dates on the hours and zones hold that a DAG run brings, as it was asked.
--
-- reads   report.report
-- binds   report_id
select
    hours_valid_from,
    zones_valid_from
from report.report
where report_id = :report_id;

-- name: add_snapshots
-- Those of newly accepted files that are snapshots are the current ones of their kind. The first hours and zones hold
-- since ever, later ones from the date that the report asks for, or else from that of their acceptance.
--
-- reads   core.acceptance, core.file, report.report
-- writes  core.snapshot, one row per snapshot
-- binds   report_id, accepted_orders
insert into core.snapshot (accepted_order, kind, file_id, valid_from)
select
    acceptance.accepted_order,
    file.kind,
    file.file_id,
    case
        when not exists (select from core.snapshot as earlier where earlier.kind = file.kind) then null
        when file.kind = 'business_hours' then
            coalesce(report.hours_valid_from, cast(acceptance.accepted_at at time zone 'UTC' as date))
        when file.kind = 'store_timezones' then
            coalesce(report.zones_valid_from, cast(acceptance.accepted_at at time zone 'UTC' as date))
    end
from core.acceptance
inner join core.file using (file_id)
inner join report.report on report.report_id = :report_id
where acceptance.accepted_order = any(:accepted_orders) and file.kind <> 'store_status';

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

-- name: find_first_poll
-- From when on there are polls.
--
-- reads   core.file
select min(first_polled_at) as polled_at
from core.file
where kind = 'store_status' and state = 'accepted';
