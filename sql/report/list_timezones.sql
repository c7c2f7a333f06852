-- The zones that the stores of a shard are read in.
--
-- reads   report.store
-- binds   report_id, shard, shards
select distinct timezone
from report.store
where
    report_id = :report_id
    and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard)
order by timezone
