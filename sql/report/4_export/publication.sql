-- name: count_stores
-- reads   report.store_uptime
-- binds   report_id
select count(*) from report.store_uptime
where report_id = :report_id;

-- name: publish
-- The report is published: where its file is, and what it holds.
--
-- writes  report.report, one row
-- binds   report_id, csv_path, csv_sha256, csv_bytes, store_count, published_at
update report.report
set
    csv_path = :csv_path,
    csv_sha256 = :csv_sha256,
    csv_bytes = :csv_bytes,
    store_count = :store_count,
    published_at = :published_at,
    failed_task = null,
    failure_cause = null,
    failed_at = null
where report_id = :report_id;
