-- A report: what was requested, and its results so far.
--
-- reads   report.report
-- binds   report_id
select
    report_id,
    dag_run_id,
    created_at,
    as_of_requested,
    max_gap,
    no_data,
    store_ids,
    shards,
    hours_valid_from,
    zones_valid_from,
    data_folder,
    as_of,
    accepted_order,
    store_count,
    csv_path,
    csv_sha256,
    csv_bytes,
    published_at,
    failed_task,
    failure_cause,
    failed_at
from report.report
where report_id = :report_id
