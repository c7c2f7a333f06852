-- As take_share, after whoever has the share: none if it is loaded then, or its file was given up.
--
-- reads   core.file_share
-- yields  the share, or nothing
-- binds   file_id, share
select share
from core.file_share
where file_id = :file_id and share = :share and not is_loaded
for update
