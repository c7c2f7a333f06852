-- name: citus_version
-- The version of Citus on the server; null without it.
select max(extversion)
from pg_extension
where extname = 'citus';

-- name: one_at_a_time
-- From here to its end a transaction sends one command at a time. Otherwise Citus refuses to change a reference table
-- once parallel commands of the same transaction have read it.
select set_config('citus.multi_shard_modify_mode', 'sequential', true);

-- name: by_connections
-- From here to its end a transaction reaches the coordinator's copies of shared tables by a connection, as those of the
-- other nodes. Otherwise Citus refuses to analyze a shared table after the transaction has looked at one.
select set_config('citus.enable_local_execution', 'off', true);

-- name: leave_local_keys
-- Tables with a foreign key to one that becomes a reference table stay as they are until it is their turn; otherwise
-- Citus would move all of them each time.
select set_config('citus.enable_local_reference_table_foreign_keys', 'off', true);

-- name: list_distributed
-- The tables that are distributed already, or copied to every node. Citus lists others too: those on the coordinator
-- only that have a foreign key to one that is copied.
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
-- Deletes the rows that the coordinator still has of a table whose rows are on the nodes now. It cascades along foreign
-- keys, so all tables have to be distributed before.
--
-- binds   table
select truncate_local_data_after_distributing_table(:table);

-- name: prepare_session
-- Lets several transactions change the same shards of a table at the same time, which Citus prevents because of
-- deadlocks: shards and subshards of a report change stores of their own, so there are none.
select set_config('citus.enable_deadlock_prevention', 'off', false);
