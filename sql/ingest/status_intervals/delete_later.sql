-- What new polls may have changed: each store's intervals that start at or after its earliest new poll.
--
-- reads   core.polled_store
-- writes  core.status_interval
-- binds   file_ids
with arrival as (
    select
        store_key,
        min(first_polled_at) as since
    from core.polled_store
    where file_id = any(:file_ids)
    group by store_key
)

delete from core.status_interval
using arrival
where
    status_interval.store_key = arrival.store_key
    and status_interval.holds_until > arrival.since
    and status_interval.started_at >= arrival.since
