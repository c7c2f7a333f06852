-- The tables that Citus knows already.
--
-- reads   pg_dist_partition (of Citus)
select logicalrelid::text
from pg_dist_partition
