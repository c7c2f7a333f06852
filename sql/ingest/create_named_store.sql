-- Stores that the files of this transaction name, as they are read; gone when it ends.
--
-- writes  named_store, one row per (file_id, share, store_key) and batch of rows
create temporary table named_store (
    file_id integer not null,
    share smallint not null,
    store_key bigint not null,
    store_id text not null,
    first_polled_at timestamptz,
    last_polled_at timestamptz
) on commit drop
