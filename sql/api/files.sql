-- The files of a report: the snapshots that its DAG run found or that it uses, and the newest of its status files.
--
-- reads   report.report_file, report.used_snapshot, core.file
-- yields  one row per file, with the number of all status files
-- binds   report_id, status_files (how many at most)
with source as (
    select
        r.file_id,
        r.name,
        f.kind,
        case when f.kind = 'store_status' then row_number() over (partition by f.kind order by r.file_id desc) end
            as nth_status_file,
        count(*) filter (where f.kind = 'store_status') over () as all_status_files
    from report.report_file as r
    inner join core.file as f on r.file_id = f.file_id
    where r.report_id = :report_id
),

listed as (
    select
        source.file_id,
        source.name,
        source.all_status_files,
        true as is_source
    from source
    where source.nth_status_file is null or source.nth_status_file <= :status_files
    union all
    select
        u.file_id,
        null,
        0,
        false
    from report.used_snapshot as u
    where u.report_id = :report_id and u.file_id not in (select source.file_id from source)
)

select
    f.file_id,
    f.kind,
    coalesce(listed.name, f.name) as name,
    f.content_sha256,
    f.state,
    f.size_bytes,
    f.rows_read,
    f.rows_quarantined,
    f.rows_replaced,
    f.store_count,
    f.first_polled_at,
    f.last_polled_at,
    f.loaded_at,
    f.rejected_because,
    listed.is_source,
    u.file_id is not null as is_snapshot,
    listed.all_status_files
from listed
inner join core.file as f on listed.file_id = f.file_id
left join report.used_snapshot as u on u.report_id = :report_id and f.file_id = u.file_id
order by f.kind, name, f.file_id
