-- name: open_time
-- writes  report.open_time
-- binds   report_id, shard, shards
delete from report.open_time
where
    report_id = :report_id
    and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard);
