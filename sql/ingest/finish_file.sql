-- The facts of a file whose rows are all in.
--
-- reads   named_store
-- writes  core.file, core.polled_store (status files) or core.snapshot_store (the others), one row per store named
-- binds   file_id, rows_read, rows_quarantined, rows_replaced
with store_of_file as (
    select
        store_key,
        min(first_polled_at) as first_polled_at,
        max(last_polled_at) as last_polled_at
    from named_store
    where file_id = :file_id
    group by store_key
),

polled as (
    insert into core.polled_store (file_id, store_key, first_polled_at)
    select
        file.file_id,
        store_of_file.store_key,
        store_of_file.first_polled_at
    from store_of_file
    inner join core.file on file.file_id = :file_id and file.kind = 'store_status'
),

named as (
    insert into core.snapshot_store (file_id, store_key)
    select
        file.file_id,
        store_of_file.store_key
    from store_of_file
    inner join core.file on file.file_id = :file_id and file.kind <> 'store_status'
)

update core.file
set
    rows_read = :rows_read,
    rows_quarantined = :rows_quarantined,
    rows_replaced = :rows_replaced,
    store_count = (select count(*) from store_of_file),
    first_polled_at = (select min(first_polled_at) from store_of_file),
    last_polled_at = (select max(last_polled_at) from store_of_file)
where file_id = :file_id
