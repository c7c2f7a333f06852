-- name: citus_version
-- The version of Citus on the server; null without it.
select max(extversion)
from pg_extension
where extname = 'citus';

-- name: one_at_a_time
-- Citus may not change a reference table that parallel commands of the same transaction have looked at.
select set_config('citus.multi_shard_modify_mode', 'sequential', true);

-- name: leave_local_keys
-- Tables whose keys lead to one that becomes a reference table wait as they are for their own turn; else Citus would
-- move all of them each time.
select set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

-- name: list_distributed
-- The tables that are distributed already, or copied to every node. Others that Citus knows are on the coordinator
-- alone, because a key leads from them to one that is copied.
--
-- reads   pg_dist_partition (of Citus)
select logicalrelid::text
from pg_dist_partition
where partmethod <> 'n' or repmodel = 't';

-- name: add_reference_table
-- A copy of a shared table on every node.
--
-- binds   table
select create_reference_table(:table);

-- name: distribute_table
-- The rows of each store on one node, the same one for all tables.
--
-- binds   table, beside ('default' for the first one)
select create_distributed_table(:table, 'store_key', colocate_with => :beside);

-- name: truncate_local
-- What the coordinator kept on its disk of a table whose rows are on the nodes now; it cascades along foreign keys, so
-- all tables have to be distributed.
--
-- binds   table
select truncate_local_data_after_distributing_table(:table);
