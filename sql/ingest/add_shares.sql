-- The shares that a new file is loaded in.
--
-- writes  core.file_share, one row per share
-- binds   file_id, shares
insert into core.file_share (file_id, share)
select
    :file_id,
    share
from generate_series(0, cast(:shares as integer) - 1) as share
