-- The last run of a store ends where the first one of a later file starts.
--
-- reads   core.staged_run, without continued runs
-- writes  core.status_run.holds_until
-- binds   file_id
with starting as (
    select
        store_key,
        min(started_at) as started_at
    from core.staged_run
    where file_id = :file_id
    group by store_key
)

update core.status_run
set holds_until = starting.started_at
from starting
where
    status_run.store_key = starting.store_key
    and status_run.holds_until = 'infinity'
