-- The interval before a store's new polls, which cut has ended at the earliest of them, goes on to the first new
-- interval, or for ever.
--
-- reads   core.polled_store
-- writes  core.status_interval.holds_until
-- binds   file_ids
update core.status_interval
set holds_until = ending.holds_until
from (
    select
        arrival.store_key,
        arrival.since,
        coalesce(later.started_at, 'infinity') as holds_until
    from (
        select
            polled_store.store_key,
            min(polled_store.first_polled_at) as since
        from core.polled_store
        where polled_store.file_id = any(:file_ids) and polled_store.first_polled_at is not null
        group by polled_store.store_key
    ) as arrival
    left join lateral (
        select
            status_interval.store_key,
            min(status_interval.started_at) as started_at
        from core.status_interval
        where
            status_interval.store_key = arrival.store_key
            and status_interval.holds_until > arrival.since
            and status_interval.started_at >= arrival.since
        group by status_interval.store_key
    ) as later on arrival.store_key = later.store_key
) as ending
where
    status_interval.store_key = ending.store_key
    and status_interval.holds_until = ending.since
    and ending.holds_until <> ending.since
