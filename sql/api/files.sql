-- The files that a report's DAG run found, and the two snapshots that the report uses.
--
-- reads   report.source_file, report.report, core.file
-- binds   report_id
select
    f.file_id,
    f.kind,
    coalesce(s.name, f.name) as name,
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
    s.file_id is not null as is_source,
    coalesce(f.file_id in (r.business_hours_file_id, r.store_timezones_file_id), false) as is_snapshot
from report.report as r
cross join core.file as f
left join report.source_file as s on s.report_id = r.report_id and s.file_id = f.file_id
where
    r.report_id = :report_id
    and (s.file_id is not null or f.file_id in (r.business_hours_file_id, r.store_timezones_file_id))
order by f.kind, name, f.file_id
