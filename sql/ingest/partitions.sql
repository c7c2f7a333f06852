-- name: add
-- The partitions in which new files are loaded, numbered from 0 in each file.
--
-- writes  core.file_partition, one row per partition
-- binds   file_ids, partitions (how many each of them has)
--
-- Rows, because a row that is locked to the end of a transaction is free again when its loader dies, whatever way.
insert into core.file_partition (file_id, partition_no)
select
    file.file_id,
    partition.partition_no
from unnest(cast(:file_ids as integer[]), cast(:partitions as integer[])) as file (file_id, partitions)
cross join lateral generate_series(0, file.partitions - 1) as partition (partition_no);

-- name: list_open
-- The partitions of files that are not loaded, whether or not a loader has taken them.
--
-- reads   core.file_partition
-- yields  one row per partition, with the number of partitions of its file
-- binds   file_ids
--
-- Those that are taken too: their loaders may die, and then somebody has to load them.
select
    open_partition.file_id,
    open_partition.partition_no,
    whole.partitions
from core.file_partition as open_partition
inner join (
    select
        file_id,
        count(*) as partitions
    from core.file_partition
    group by file_id
) as whole on open_partition.file_id = whole.file_id
where open_partition.file_id = any(:file_ids) and not open_partition.is_loaded
order by open_partition.file_id, open_partition.partition_no;

-- name: take
-- Locks a partition to the end of the transaction, unless another loader holds it or it is loaded.
--
-- reads   core.file_partition
-- yields  the partition, or nothing
-- binds   file_id, partition_no
select partition_no
from core.file_partition
where file_id = :file_id and partition_no = :partition_no and not is_loaded
for update skip locked;

-- name: await
-- As take, but waits for the loader that holds the partition: nothing if it is loaded then, or its file was discarded.
--
-- reads   core.file_partition
-- yields  the partition, or nothing
-- binds   file_id, partition_no
select partition_no
from core.file_partition
where file_id = :file_id and partition_no = :partition_no and not is_loaded
for update;

-- name: take_all
-- As take, for those partitions of files that no other loader holds.
--
-- reads   core.file_partition
-- yields  one row per partition
-- binds   file_ids
select
    file_id,
    partition_no
from core.file_partition
where file_id = any(:file_ids) and not is_loaded
order by file_id, partition_no
for update skip locked;

-- name: await_all
-- As await, for all partitions of files, in the order of their numbers: so of two DAG runs that wait for all, none has
-- what the other waits for.
--
-- reads   core.file_partition
-- yields  one row per partition that is not loaded
-- binds   file_ids
select
    file_id,
    partition_no
from core.file_partition
where file_id = any(:file_ids) and not is_loaded
order by file_id, partition_no
for update;

-- name: lock
-- Waits until no loader has a partition of a file, and keeps loaders from it until the transaction ends.
--
-- reads   core.file_partition
-- yields  one row per partition, with the first and last instant of its polls
-- binds   file_id
--
-- The instants say which months can have polls of the file: without them all months would be searched.
select
    partition_no,
    first_polled_at,
    last_polled_at
from core.file_partition
where file_id = :file_id
order by partition_no
for update;

-- name: finish
-- The counts and times of partitions that are loaded.
--
-- writes  core.file_partition, one row per partition
-- binds   file_ids, partition_nos, have_intervals, rows_read, rows_quarantined, rows_replaced, tolerated (JSON),
--         store_counts, first_polled_at, last_polled_at (of the same partitions, in the same order)
--
-- Of many partitions at once, because small files are loaded in groups.
update core.file_partition
set
    is_loaded = true,
    has_intervals = loaded.has_intervals,
    rows_read = loaded.rows_read,
    rows_quarantined = loaded.rows_quarantined,
    rows_replaced = loaded.rows_replaced,
    tolerated = cast(loaded.tolerated as jsonb),
    store_count = loaded.store_count,
    first_polled_at = loaded.first_polled_at,
    last_polled_at = loaded.last_polled_at
from unnest(
    cast(:file_ids as integer[]),
    cast(:partition_nos as smallint[]),
    cast(:have_intervals as boolean[]),
    cast(:rows_read as bigint[]),
    cast(:rows_quarantined as bigint[]),
    cast(:rows_replaced as bigint[]),
    cast(:tolerated as text[]),
    cast(:store_counts as bigint[]),
    cast(:first_polled_at as timestamptz[]),
    cast(:last_polled_at as timestamptz[])
) as loaded (
    file_id, partition_no, has_intervals, rows_read, rows_quarantined, rows_replaced, tolerated, store_count,
    first_polled_at, last_polled_at
)
where file_partition.file_id = loaded.file_id and file_partition.partition_no = loaded.partition_no;

-- name: clear
-- The partitions of files that are staged: nothing needs them any more.
--
-- writes  core.file_partition
-- binds   file_ids
delete from core.file_partition
where file_id = any(:file_ids);
