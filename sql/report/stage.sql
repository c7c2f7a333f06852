-- name: lock
-- One process at a time works on a stage of a report's shard: the process of a task that timed out may still run.
--
-- binds   report_id, stage, shard
select pg_advisory_xact_lock(hashtextextended('report ' || :stage || :report_id || ' ' || :shard, 0));

-- name: read_pinned
-- What was requested of a report and what it is pinned to: the binds of its stages.
--
-- reads   report.report, report.used_snapshot
-- binds   report_id
select
    report.report_id,
    report.as_of,
    report.as_of - interval '1 hour' as hour_start,
    report.as_of - interval '24 hours' as day_start,
    report.as_of - interval '168 hours' as week_start,
    report.accepted_order,
    used.business_hours_file_id,
    used.store_timezones_file_id,
    used.store_groups_file_id,
    used.special_hours_file_id,
    used.planned_downtime_file_id,
    report.max_gap,
    report.no_data,
    report.store_ids,
    report.shards
from report.report
cross join (
    select
        max(file_id) filter (where kind = 'business_hours') as business_hours_file_id,
        max(file_id) filter (where kind = 'store_timezones') as store_timezones_file_id,
        max(file_id) filter (where kind = 'store_groups') as store_groups_file_id,
        max(file_id) filter (where kind = 'special_hours') as special_hours_file_id,
        max(file_id) filter (where kind = 'planned_downtime') as planned_downtime_file_id
    from report.used_snapshot
    where report_id = :report_id
) as used
where report.report_id = :report_id;
