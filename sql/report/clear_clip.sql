-- writes  report.open_time
-- binds   report_id, shard
delete from report.open_time
using report.report
where
    report.report_id = :report_id
    and open_time.report_id = :report_id
    and (open_time.store_key % report.shards + report.shards) % report.shards = :shard
