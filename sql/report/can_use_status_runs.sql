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
    )
