-- name: create_named
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
) on commit drop;

-- name: copy_named
-- writes  named_store
copy named_store (file_id, share, store_key, store_id, first_polled_at, last_polled_at) from stdin with (format csv);

-- name: add
-- The stores that were not known before.
--
-- reads   named_store
-- writes  core.store, one row per new store
--
-- In the order of the key, so that two transactions that add the same stores never wait in a circle.
insert into core.store (store_key, store_id)
select
    store_key,
    min(store_id)
from named_store
group by store_key
order by store_key
on conflict (store_key) do nothing;

-- name: find_key_clash
-- Two ids with one key, which 64 bits make all but impossible; nothing may be loaded then.
--
-- reads   named_store, core.store
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

-- name: add_polled
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
group by file_id, store_key;

-- name: mark_polled
-- Stores are known from the first accepted status file on that names them.
--
-- reads   core.polled_store, core.acceptance
-- writes  core.store.polled_from
-- binds   file_ids
with first_naming as (
    select
        polled_store.store_key,
        min(acceptance.accepted_order) as accepted_order
    from core.polled_store
    inner join core.acceptance using (file_id)
    where polled_store.file_id = any(:file_ids)
    group by polled_store.store_key
)

update core.store
set polled_from = first_naming.accepted_order
from first_naming
where store.store_key = first_naming.store_key and store.polled_from is null;

-- name: clear_polled
-- What was noted beside the polls of files has served its purpose.
--
-- writes  core.polled_store
-- binds   file_ids
delete from core.polled_store
where file_id = any(:file_ids);
