-- The run that held when new polls came (cut_status_runs) ends where the first of the new runs starts, or goes on.
--
-- reads   core.polled_store
-- writes  core.status_run.holds_until
-- binds   file_ids
with arrival as (
    select
        store_key,
        min(first_polled_at) as since
    from core.polled_store
    where file_id = any(:file_ids) and first_polled_at is not null
    group by store_key
),

ending as (
    select
        arrival.store_key,
        arrival.since,
        coalesce(later.started_at, 'infinity') as holds_until
    from arrival
    left join lateral (
        select
            status_run.store_key,
            min(status_run.started_at) as started_at
        from core.status_run
        where
            status_run.store_key = arrival.store_key
            and status_run.holds_until > arrival.since
            and status_run.started_at >= arrival.since
        group by status_run.store_key
    ) as later on arrival.store_key = later.store_key
)

update core.status_run
set holds_until = ending.holds_until
from ending
where
    status_run.store_key = ending.store_key
    and status_run.holds_until = ending.since
    and ending.holds_until <> ending.since
