-- name: add
-- The partitions in which a new file is loaded, numbered from 0.
--
-- writes  core.file_partition, one row per partition
-- binds   file_id, partitions (how many)
insert into core.file_partition (file_id, partition_no)
select
    :file_id,
    partition_no
from generate_series(0, cast(:partitions as integer) - 1) as partition_no;

-- name: list_open
-- The partitions of files that are not loaded, whether or not a loader has taken them.
--
-- reads   core.file_partition
-- yields  one row per partition, with the number of partitions of its file
-- binds   file_ids
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

-- name: lock
-- Waits until no loader has a partition of a file, and keeps loaders from it until the transaction ends.
--
-- reads   core.file_partition
-- yields  one row per partition, with the first and last instant of its polls
-- binds   file_id
select
    partition_no,
    first_polled_at,
    last_polled_at
from core.file_partition
where file_id = :file_id
order by partition_no
for update;

-- name: finish
-- The counts and times of a partition that is loaded.
--
-- writes  core.file_partition, one row
-- binds   file_id, partition_no, has_intervals, rows_read, rows_quarantined, rows_replaced, tolerated, store_count,
--         first_polled_at, last_polled_at
update core.file_partition
set
    is_loaded = true,
    has_intervals = :has_intervals,
    rows_read = :rows_read,
    rows_quarantined = :rows_quarantined,
    rows_replaced = :rows_replaced,
    tolerated = cast(:tolerated as jsonb),
    store_count = :store_count,
    first_polled_at = :first_polled_at,
    last_polled_at = :last_polled_at
where file_id = :file_id and partition_no = :partition_no;

-- name: clear
-- The partitions of a file that is staged: nothing needs them any more.
--
-- writes  core.file_partition
-- binds   file_id
delete from core.file_partition
where file_id = :file_id;
