-- The shares of files that are not loaded, whether or not somebody is at it, each with how many shares its file has.
--
-- reads   core.file_share
-- yields  one row per share
-- binds   file_ids
select
    open_share.file_id,
    open_share.share,
    whole.shares
from core.file_share as open_share
inner join (
    select
        file_id,
        count(*) as shares
    from core.file_share
    group by file_id
) as whole on open_share.file_id = whole.file_id
where open_share.file_id = any(:file_ids) and not open_share.is_loaded
order by open_share.file_id, open_share.share
