-- name: observed_status
-- writes  report.observed_status
-- binds   report_id, shard, shards
delete from report.observed_status
where
    report_id = :report_id
    and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard);

-- name: store_uptime
-- writes  report.store_uptime
-- binds   report_id, shard, shards
delete from report.store_uptime
where
    report_id = :report_id
    and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard);
