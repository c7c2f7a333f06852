-- What new polls may have changed: each store's intervals that start at or after its earliest new poll.
--
-- reads   core.polled_store
-- writes  core.status_interval
-- binds   file_ids
delete from core.status_interval
using (
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
    and status_interval.started_at >= arrival.since
