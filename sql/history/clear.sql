-- name: store
-- writes  history.new_store
-- binds   shard, shards
delete from history.new_store
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: change
-- writes  history.new_change
-- binds   shard, shards
delete from history.new_change
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: carry
-- writes  history.new_carry
-- binds   shard, shards
delete from history.new_carry
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: special
-- writes  history.new_special
-- binds   shard, shards
delete from history.new_special
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: planned
-- writes  history.new_planned
-- binds   shard, shards
delete from history.new_planned
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: status
-- writes  history.new_status
-- binds   shard, shards
delete from history.new_status
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: opening
-- writes  history.new_opening
-- binds   shard, shards
delete from history.new_opening
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: stretch
-- writes  history.new_stretch
-- binds   shard, shards
delete from history.new_stretch
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: day
-- writes  history.new_day
-- binds   shard, shards
delete from history.new_day
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: outage_day
-- writes  history.new_outage_day
-- binds   shard, shards
delete from history.new_outage_day
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: outage
-- writes  history.new_outage
-- binds   shard, shards
delete from history.new_outage
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;

-- name: day_hours
-- writes  history.new_day_hours
-- binds   shard, shards
delete from history.new_day_hours
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard;
