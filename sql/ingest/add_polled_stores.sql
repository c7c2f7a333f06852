-- The stores that a status file names, each with its earliest poll in it (null: no usable one).
--
-- reads   named_store
-- writes  core.polled_store, one row per store
-- binds   file_id, share
insert into core.polled_store (file_id, store_key, first_polled_at)
select
    file_id,
    store_key,
    min(first_polled_at)
from named_store
where file_id = :file_id and share = :share
group by file_id, store_key
