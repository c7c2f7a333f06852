-- name: lock
-- One process at a time works on a stage of a report's shard: the process of a task that timed out may still run.
--
-- binds   report_id, stage, shard
select pg_advisory_xact_lock(hashtextextended('report ' || :stage || :report_id || ' ' || :shard, 0));

-- name: read_pinned
-- What was requested of a report and what it is pinned to: the binds of its stages.
--
-- reads   report.report
-- binds   report_id
select
    report_id,
    as_of,
    as_of - interval '1 hour' as hour_start,
    as_of - interval '24 hours' as day_start,
    as_of - interval '168 hours' as week_start,
    accepted_order,
    business_hours_file_id,
    store_timezones_file_id,
    max_gap,
    no_data,
    store_ids,
    shards
from report.report
where report_id = :report_id;
