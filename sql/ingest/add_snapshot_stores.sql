-- The stores that an hours or zones file names.
--
-- reads   named_store
-- writes  core.snapshot_store, one row per store
-- binds   file_id, share
insert into core.snapshot_store (file_id, store_key)
select
    file_id,
    store_key
from named_store
where file_id = :file_id and share = :share
group by file_id, store_key
