-- The interval in which a store's earliest new poll lies ends there; close then finds out where it really ends.
--
-- reads   core.polled_store
-- writes  core.status_interval.holds_until
-- binds   file_ids
with arrival as (
    select
        store_key,
        min(first_polled_at) as since
    from core.polled_store
    where file_id = any(:file_ids)
    group by store_key
)

update core.status_interval
set holds_until = arrival.since
from arrival
where
    status_interval.store_key = arrival.store_key
    and status_interval.holds_until > arrival.since
    and status_interval.started_at < arrival.since
