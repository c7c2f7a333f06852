-- The interval in which a store's earliest new poll lies ends there; close then finds out where it really ends.
--
-- reads   core.polled_store
-- writes  core.status_interval.holds_until
-- binds   file_ids
update core.status_interval
set holds_until = arrival.since
from (
    select
        polled_store.store_key,
        min(polled_store.first_polled_at) as since
    from core.polled_store
    where polled_store.file_id = any(:file_ids)
    group by polled_store.store_key
) as arrival
where
    status_interval.store_key = arrival.store_key
    and status_interval.holds_until > arrival.since
    and status_interval.started_at < arrival.since
