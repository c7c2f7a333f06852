-- The rows of a snapshot go; should the same content come again, it is loaded again.
--
-- writes  core.file, core.business_hours, core.store_timezone, core.snapshot_store
-- binds   file_id
with forgotten as (
    update core.file
    set state = 'forgotten'
    where file_id = :file_id
),

opening as (
    delete from core.business_hours
    where file_id = :file_id
),

zone as (
    delete from core.store_timezone
    where file_id = :file_id
)

delete from core.snapshot_store
where file_id = :file_id
