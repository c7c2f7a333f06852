-- The run that holds when new polls come ends at the earliest of them, until close_status_runs knows better.
--
-- reads   core.polled_store
-- writes  core.status_run.holds_until
-- binds   file_ids
with arrival as (
    select
        store_key,
        min(first_polled_at) as since
    from core.polled_store
    where file_id = any(:file_ids)
    group by store_key
)

update core.status_run
set holds_until = arrival.since
from arrival
where
    status_run.store_key = arrival.store_key
    and status_run.holds_until > arrival.since
    and status_run.started_at < arrival.since
