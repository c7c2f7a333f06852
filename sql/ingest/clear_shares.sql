-- The shares of a file that is staged have served their purpose.
--
-- writes  core.file_share
-- binds   file_id
delete from core.file_share
where file_id = :file_id
