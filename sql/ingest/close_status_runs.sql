-- The run that held when new polls came ends where the first of the new runs starts, or goes on.
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

run_before as (
    select
        status_run.store_key,
        status_run.holds_until,
        coalesce(
            (
                select min(later.started_at)
                from core.status_run as later
                where later.store_key = status_run.store_key and later.started_at >= arrival.since
            ),
            'infinity'
        ) as holds_until_now
    from arrival
    cross join lateral (
        select
            earlier.store_key,
            earlier.holds_until
        from core.status_run as earlier
        where earlier.store_key = arrival.store_key and earlier.started_at < arrival.since
        order by earlier.started_at desc
        limit 1
    ) as status_run
)

update core.status_run
set holds_until = run_before.holds_until_now
from run_before
where
    status_run.store_key = run_before.store_key
    and status_run.holds_until = run_before.holds_until
    and run_before.holds_until <> run_before.holds_until_now
