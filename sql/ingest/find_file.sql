-- The file with this content, if it is loaded already or partly.
--
-- reads   core.file
-- binds   kind, content_sha256
select file_id
from core.file
where kind = :kind and content_sha256 = :content_sha256 and state in ('loading', 'staged', 'accepted')
