-- name: create_named
-- A temporary table of the stores that this transaction's files name, filled as they are read; dropped when it ends.
--
-- writes  named_store, one row per (file_id, partition_no, store_key) and batch of rows
--
-- Temporary, because loaders that all insert into core.store while they read would wait for each other to their ends;
-- without keys, because two ids with one key must both get in to be found.
create temporary table named_store (
    file_id integer not null,
    partition_no smallint not null,
    store_key bigint not null,
    store_id text not null,
    has_closed_rows boolean,
    has_unusable_rows boolean
) on commit drop;

-- name: copy_named
-- The stores that a partition, or a group of small files, names.
--
-- writes  named_store
--
-- In pieces, while files are read: then no list of all stores is in memory as text.
copy named_store (file_id, partition_no, store_key, store_id, has_closed_rows, has_unusable_rows)
from stdin with (format csv);

-- name: find_key_clash
-- Two ids with the same key. With keys of 64 bits that hardly happens; if it does, nothing may be loaded.
--
-- reads   named_store, core.store
-- yields  the two ids, or nothing
with named as materialized (
    select
        store_key,
        store_id
    from named_store
    group by store_key, store_id
)

select
    named.store_id as one,
    store.store_id as other
from core.store
inner join named on store.store_key = named.store_key
where named.store_id <> store.store_id
limit 1;

-- name: add
-- The stores that no file named before.
--
-- reads   named_store
-- writes  core.store, one row per new store
--
-- In the order of the key, so that two transactions that add the same stores never deadlock.
insert into core.store (store_key, store_id)
select
    store_key,
    min(store_id)
from named_store
group by store_key
order by store_key
on conflict (store_key) do nothing;

-- name: copy_polled
-- The stores that status files name, each with its earliest poll in each of them (null: no usable one).
--
-- writes  core.polled_store, one row per file and store
copy core.polled_store (file_id, store_key, first_polled_at) from stdin with (format csv);

-- name: mark_polled
-- A store belongs to reports from the first accepted status file on that names it.
--
-- reads   core.polled_store, core.acceptance
-- writes  core.store.polled_from
-- binds   file_ids
--
-- Kept with the store, because a report that is pinned to a position in the log of acceptances looks at each store, and
-- must not look at each file.
update core.store
set polled_from = first_naming.accepted_order
from (
    select
        polled_store.store_key,
        min(acceptance.accepted_order) as accepted_order
    from core.polled_store
    inner join core.acceptance using (file_id)
    where polled_store.file_id = any(:file_ids)
    group by polled_store.store_key
) as first_naming
where store.store_key = first_naming.store_key and store.polled_from is null;

-- name: clear_polled
-- The stores of status files that are accepted, rejected or discarded: only acceptance needs them.
--
-- writes  core.polled_store
-- binds   file_ids
delete from core.polled_store
where file_id = any(:file_ids);
