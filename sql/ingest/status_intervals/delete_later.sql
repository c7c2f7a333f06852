-- What new polls may have changed: each store's runs that start at or after its earliest new poll go.
--
-- reads   core.polled_store
-- writes  core.status_run
-- binds   file_ids
with arrival as (
    select
        store_key,
        min(first_polled_at) as since
    from core.polled_store
    where file_id = any(:file_ids)
    group by store_key
)

delete from core.status_run
using arrival
where
    status_run.store_key = arrival.store_key
    and status_run.holds_until > arrival.since
    and status_run.started_at >= arrival.since
