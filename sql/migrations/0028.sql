-- A key to core.file was looked up for each row of a load: most of what these tables cost. As with polls and openings,
-- whoever deletes a file deletes its rows.
alter table core.store_timezone drop constraint store_timezone_file_id_fkey;
alter table core.snapshot_store drop constraint snapshot_store_file_id_fkey;
alter table core.polled_store drop constraint polled_store_file_id_fkey;
