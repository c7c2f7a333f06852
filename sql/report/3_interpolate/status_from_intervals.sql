-- What runs of equal status say about each store in the reported week; for reports that can_use_status_runs.
--
-- reads   report.store, core.status_run
-- writes  report.observed_status, one row per store of the shard
-- binds   report_id, week_start, as_of, shard, shards
--
-- Runs cover all time, so the status is known all week as soon as one poll up to as_of is. Store by store (see clip),
-- so that the cost is that of the week, however long the history.
insert into report.observed_status (report_id, store_key, known_time, active_time)
select
    :report_id,
    store.store_key,
    case when observed.store_key is null then '{}' else tstzmultirange(tstzrange(:week_start, :as_of)) end,
    coalesce(observed.active_time, '{}')
from report.store
left join lateral (
    select
        status_run.store_key,
        range_agg(
            tstzrange(
                greatest(status_run.holds_from, :week_start),
                least(status_run.holds_until, :as_of)
            )
        ) filter (where status_run.is_active) as active_time
    from core.status_run
    where
        status_run.store_key = store.store_key
        and status_run.holds_until > :week_start
        and status_run.started_at <= :as_of
    group by status_run.store_key
) as observed on store.store_key = observed.store_key
where
    store.report_id = :report_id
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
