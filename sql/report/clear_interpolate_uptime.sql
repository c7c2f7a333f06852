-- writes  report.store_uptime
-- binds   report_id, shard
delete from report.store_uptime
using report.report
where
    report.report_id = :report_id
    and store_uptime.report_id = :report_id
    and (store_uptime.store_key % report.shards + report.shards) % report.shards = :shard
