-- writes  report.observed_status
-- binds   report_id, shard, shards
delete from report.observed_status
where
    report_id = :report_id
    and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard)
