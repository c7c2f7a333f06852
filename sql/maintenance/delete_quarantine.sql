-- writes  quality.quarantined_row
-- binds   file_ids
delete from quality.quarantined_row
where file_id = any(:file_ids)
