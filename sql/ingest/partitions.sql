-- name: add
-- The shares that a new file is loaded in.
--
-- writes  core.file_share, one row per share
-- binds   file_id, shares
insert into core.file_share (file_id, share)
select
    :file_id,
    share
from generate_series(0, cast(:shares as integer) - 1) as share;

-- name: list_open
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
order by open_share.file_id, open_share.share;

-- name: take
-- Takes a share to the end of the transaction; none if somebody else has it, or it is loaded.
--
-- reads   core.file_share
-- yields  the share, or nothing
-- binds   file_id, share
select share
from core.file_share
where file_id = :file_id and share = :share and not is_loaded
for update skip locked;

-- name: await
-- As take_share, after whoever has the share: none if it is loaded then, or its file was given up.
--
-- reads   core.file_share
-- yields  the share, or nothing
-- binds   file_id, share
select share
from core.file_share
where file_id = :file_id and share = :share and not is_loaded
for update;

-- name: lock
-- Waits until nobody loads a share of a file, and keeps others from it until the transaction ends.
--
-- reads   core.file_share
-- yields  one row per share, with the time of its polls
-- binds   file_id
select
    share,
    first_polled_at,
    last_polled_at
from core.file_share
where file_id = :file_id
order by share
for update;

-- name: finish
-- The facts of a share whose rows are all in.
--
-- writes  core.file_share
-- binds   file_id, share, has_runs, rows_read, rows_quarantined, rows_replaced, store_count, first_polled_at,
--         last_polled_at
update core.file_share
set
    is_loaded = true,
    has_runs = :has_runs,
    rows_read = :rows_read,
    rows_quarantined = :rows_quarantined,
    rows_replaced = :rows_replaced,
    store_count = :store_count,
    first_polled_at = :first_polled_at,
    last_polled_at = :last_polled_at
where file_id = :file_id and share = :share;

-- name: clear
-- The shares of a file that is staged have served their purpose.
--
-- writes  core.file_share
-- binds   file_id
delete from core.file_share
where file_id = :file_id;
