-- writes  report.store
-- binds   report_id, shard
delete from report.store
using report.report
where
    report.report_id = :report_id
    and store.report_id = :report_id
    and (store.store_key % report.shards + report.shards) % report.shards = :shard
