-- Data folders whose files count in reports of another folder, since all files that were ever loaded add up: those that
-- DAG runs brought from there, and that this folder never had. Replaced snapshots do not count.
--
-- reads   core.acceptance, core.snapshot, core.file, core.folder_file, report.source_file, report.report
-- yields  one row per folder
-- binds   data_folder, accepted_order (the position to which a report is pinned; null: all that is accepted)
--
-- Where no report read another folder, as in most homes, no file is looked at: the condition is checked once, first.
with own_file as (
    select source_file.file_id
    from report.report
    inner join report.source_file on report.report_id = source_file.report_id
    where report.data_folder = :data_folder
    union
    select file.file_id
    from core.folder_file
    inner join core.file on folder_file.kind = file.kind and folder_file.content_sha256 = file.content_sha256
    where folder_file.folder = :data_folder
),

counted_file as (
    select acceptance.file_id
    from core.acceptance
    inner join core.file on acceptance.file_id = file.file_id and file.kind = 'store_status'
    where cast(:accepted_order as bigint) is null or acceptance.accepted_order <= cast(:accepted_order as bigint)
    union
    select current_snapshot.file_id
    from (
        select distinct on (snapshot.kind) snapshot.file_id
        from core.snapshot
        where cast(:accepted_order as bigint) is null or snapshot.accepted_order <= cast(:accepted_order as bigint)
        order by snapshot.kind asc, snapshot.accepted_order desc
    ) as current_snapshot
),

other_file as (
    select file_id from counted_file
    except
    select file_id from own_file
)

select report.data_folder
from other_file
inner join report.source_file on other_file.file_id = source_file.file_id
inner join report.report on source_file.report_id = report.report_id
where
    report.data_folder <> :data_folder
    and source_file.is_accepted
    and exists (select from report.report as other_report where other_report.data_folder <> :data_folder)
group by report.data_folder
order by report.data_folder
