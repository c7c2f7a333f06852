-- name: copy_business_hours
-- The openings of a file.
--
-- writes  core.business_hours, one row per opening in a file
--
-- Binary, because an end may be later than 24:00: it is an interval, which is slow to write and to read as text.
copy core.business_hours (file_id, store_key, weekday, start_time_local, end_time_local)
from stdin with (format "binary");

-- name: copy_timezones
-- The zones of a file's stores.
--
-- writes  core.store_timezone, one row per store of a file
--
-- As text: a zone is a text anyway.
copy core.store_timezone (file_id, store_key, timezone) from stdin with (format csv);

-- name: add_stores
-- The stores that an hours or zones file names.
--
-- reads   named_store
-- writes  core.snapshot_store, one row per store
-- binds   file_id, partition_no
--
-- Apart from openings and zones, because a store may have none of them and still be named: one that is always closed,
-- or whose rows are all unusable, is another case than a store that the file does not know. In the order of the key.
insert into core.snapshot_store (file_id, store_key, has_closed_rows, has_unusable_rows)
select
    file_id,
    store_key,
    coalesce(bool_or(has_closed_rows), false),
    coalesce(bool_or(has_unusable_rows), false)
from named_store
where file_id = :file_id and partition_no = :partition_no
group by file_id, store_key
order by store_key;

-- name: clear_business_hours
-- The openings of snapshots that are rejected or no longer needed.
--
-- writes  core.business_hours
-- binds   file_ids
delete from core.business_hours
where file_id = any(:file_ids);

-- name: clear_timezones
-- The zones of snapshots that are rejected or no longer needed.
--
-- writes  core.store_timezone
-- binds   file_ids
delete from core.store_timezone
where file_id = any(:file_ids);

-- name: clear_stores
-- The stores that snapshots named which are rejected or no longer needed.
--
-- writes  core.snapshot_store
-- binds   file_ids
delete from core.snapshot_store
where file_id = any(:file_ids);
