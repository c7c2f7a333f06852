-- The files of a DAG run become visible: new polls, and snapshots that differ from the current one of their kind.
--
-- reads   report.source_file, core.file
-- writes  core.acceptance, one row per file that was not visible
-- yields  these rows
-- binds   report_id, accepted_at
--
-- Once for each file of a DAG run (source_files/mark_accepted): an old DAG run that is cleared and run again leaves the
-- snapshots current that came after it.
with current_snapshot as (
    select distinct on (kind)
        kind,
        file_id
    from core.acceptance
    where kind <> 'store_status'
    order by kind asc, accepted_order desc
),

arrival as (
    select
        file.file_id,
        file.kind
    from report.source_file
    inner join core.file using (file_id)
    left join current_snapshot on file.kind = current_snapshot.kind
    where
        source_file.report_id = :report_id
        and not source_file.is_accepted
        and case
            when file.kind = 'store_status' then file.state = 'staged'
            else file.file_id is distinct from current_snapshot.file_id
        end
    order by file.file_id
)

insert into core.acceptance (file_id, kind, accepted_at)
select
    file_id,
    kind,
    :accepted_at
from arrival
returning accepted_order, file_id, kind
