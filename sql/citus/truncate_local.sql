-- What the coordinator kept on its disk of a table whose rows are on the nodes now; it cascades along foreign keys, so
-- all tables have to be distributed.
--
-- binds   table
select truncate_local_data_after_distributing_table(:table)
