-- Takes a share to the end of the transaction; none if somebody else has it, or it is loaded.
--
-- reads   core.file_share
-- yields  the share, or nothing
-- binds   file_id, share
select share
from core.file_share
where file_id = :file_id and share = :share and not is_loaded
for update skip locked
