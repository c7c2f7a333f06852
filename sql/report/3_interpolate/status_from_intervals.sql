-- When each store's status is known, and when it is active, in the reported week: from status intervals.
--
-- reads   report.store, core.status_interval
-- writes  report.observed_status, one row per store of the shard
-- binds   report_id, week_start, as_of, shard, shards
--
-- For reports that can use them (source/can_use_intervals). The intervals of a store cover all time, so its status is
-- known all week if there is one poll up to as_of. Store by store (see clip), so that only the week costs time, however
-- long the history is.
insert into report.observed_status (report_id, store_key, known_time, active_time)
select
    :report_id,
    store.store_key,
    case when observed.store_key is null then '{}' else tstzmultirange(tstzrange(:week_start, :as_of)) end,
    coalesce(observed.active_time, '{}')
from report.store
left join lateral (
    select
        status_interval.store_key,
        range_agg(
            tstzrange(
                greatest(status_interval.holds_from, :week_start),
                least(status_interval.holds_until, :as_of)
            )
        ) filter (where status_interval.is_active) as active_time
    from core.status_interval
    where
        status_interval.store_key = store.store_key
        and status_interval.holds_until > :week_start
        and status_interval.started_at <= :as_of
    group by status_interval.store_key
) as observed on store.store_key = observed.store_key
where
    store.report_id = :report_id
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
