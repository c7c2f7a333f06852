-- The rows of each store on one node, the same one for all tables.
--
-- binds   table, beside ('default' for the first one)
select create_distributed_table(:table, 'store_key', colocate_with => :beside)
