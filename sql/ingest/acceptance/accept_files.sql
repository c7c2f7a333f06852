-- The files of a DAG run become visible: new polls, and snapshots that differ from the current one of their kind, or
-- hold from another date.
--
-- reads   report.report, report.source_file, core.file, core.snapshot
-- writes  core.acceptance, one row per file that was not visible
-- yields  these rows
-- binds   report_id, accepted_at
--
-- Once for each file of a DAG run (source_files/mark_accepted): an old DAG run that is cleared and run again leaves the
-- snapshots current that came after it. The first hours and zones hold since ever, so no other date can be meant.
with current_snapshot as (
    select distinct on (kind)
        kind,
        file_id,
        valid_from
    from core.snapshot
    order by kind asc, accepted_order desc
),

arrival as (
    select file.file_id
    from report.source_file
    inner join core.file using (file_id)
    inner join report.report using (report_id)
    left join current_snapshot on file.kind = current_snapshot.kind
    where
        source_file.report_id = :report_id
        and not source_file.is_accepted
        and case
            when file.kind = 'store_status' then file.state = 'staged'
            when file.file_id is distinct from current_snapshot.file_id then true
            when file.kind = 'business_hours' then report.hours_valid_from <> current_snapshot.valid_from
            when file.kind = 'store_timezones' then report.zones_valid_from <> current_snapshot.valid_from
            else false
        end
    order by file.file_id
)

insert into core.acceptance (file_id, accepted_at)
select
    file_id,
    :accepted_at
from arrival
returning accepted_order, file_id
