-- A copy of a shared table on every node.
--
-- binds   table
select create_reference_table(:table)
