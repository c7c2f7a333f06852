-- name: can_use_intervals
-- Whether core.status_run tells all the report needs: no max_gap, and no poll file accepted since it was pinned.
--
-- reads   core.acceptance
-- binds   max_gap, accepted_order
select
    cast(:max_gap as interval) is null
    and not exists (
        select
        from core.acceptance
        where kind = 'store_status' and accepted_order > :accepted_order
    );

-- name: polls_kept_from
-- The first month whose polls are kept, if the week of a report begins before it; null if its polls are all there.
--
-- reads   core.poll_horizon
-- binds   week_start
select max(kept_from) as kept_from
from core.poll_horizon
where cast(kept_from as timestamp) at time zone 'UTC' > :week_start;
