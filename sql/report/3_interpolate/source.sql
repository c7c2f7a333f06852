-- name: can_use_intervals
-- Whether core.status_interval is enough for the report: no max_gap, and no status file accepted since it was pinned.
--
-- reads   core.acceptance, core.file
-- binds   max_gap, accepted_order
select
    cast(:max_gap as interval) is null
    and not exists (
        select
        from core.acceptance
        inner join core.file using (file_id)
        where file.kind = 'store_status' and acceptance.accepted_order > :accepted_order
    );

-- name: polls_kept_from
-- The first month whose polls are all kept, if the report's week begins before it; null if the week's polls are kept.
--
-- reads   core.poll_horizon
-- binds   week_start
select max(kept_from) as kept_from
from core.poll_horizon
where cast(kept_from as timestamp) at time zone 'UTC' > :week_start;
