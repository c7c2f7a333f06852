-- writes  report.observed_status
-- binds   report_id, shard
delete from report.observed_status
using report.report
where
    report.report_id = :report_id
    and observed_status.report_id = :report_id
    and (observed_status.store_key % report.shards + report.shards) % report.shards = :shard
