-- Whether core.status_run tells all the report needs: no max_gap, and no poll file accepted since it was pinned.
--
-- reads   report.report, core.acceptance
-- binds   report_id
select
    report.max_gap is null
    and not exists(
        select
        from core.acceptance
        where acceptance.kind = 'store_status' and acceptance.accepted_order > report.accepted_order
    )
from report.report
where report.report_id = :report_id
