-- What runs of equal status say about each store in the reported week; for reports that can_use_status_runs.
--
-- reads   report.report, report.store, core.status_run
-- writes  report.observed_status, one row per store of the shard
-- binds   report_id, shard
--
-- Runs cover all time, so the status is known all week as soon as one poll up to as_of is.
insert into report.observed_status (report_id, store_key, known_time, active_time)
select
    report.report_id,
    store.store_key,
    case
        when observed.runs = 0 then '{}'
        else tstzmultirange(tstzrange(report.as_of - interval '168 hours', report.as_of))
    end,
    coalesce(observed.active_time, '{}')
from report.report
inner join report.store using (report_id)
cross join lateral (
    select
        count(*) as runs,
        range_agg(
            tstzrange(
                greatest(status_run.holds_from, report.as_of - interval '168 hours'),
                least(status_run.holds_until, report.as_of)
            )
        ) filter (where status_run.is_active) as active_time
    from core.status_run
    where
        status_run.store_key = store.store_key
        and status_run.holds_until > report.as_of - interval '168 hours'
        and status_run.started_at <= report.as_of
) as observed
where
    report.report_id = :report_id
    and (store.store_key % report.shards + report.shards) % report.shards = :shard
