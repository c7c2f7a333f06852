-- The last interval of a store ends where the first one of later files starts.
--
-- reads   core.staged_interval, without continued intervals
-- writes  core.status_interval.holds_until
-- binds   file_ids
with starting as (
    select
        store_key,
        min(started_at) as started_at
    from core.staged_interval
    where file_id = any(:file_ids)
    group by store_key
)

update core.status_interval
set holds_until = starting.started_at
from starting
where
    status_interval.store_key = starting.store_key
    and status_interval.holds_until = 'infinity'
