-- The tables that are distributed already, or copied to every node. Others that Citus knows are on the coordinator
-- alone, because a key leads from them to one that is copied.
--
-- reads   pg_dist_partition (of Citus)
select logicalrelid::text
from pg_dist_partition
where partmethod <> 'n' or repmodel = 't'
