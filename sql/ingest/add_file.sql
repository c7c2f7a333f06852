-- A new file, of which nothing is loaded yet; its counts follow when its rows are in (finish_file).
--
-- writes  core.file, one row
-- binds   kind, content_sha256, name, size_bytes, loaded_at
insert into core.file (kind, content_sha256, name, size_bytes, state, loaded_at)
values (:kind, :content_sha256, :name, :size_bytes, 'loading', :loaded_at)
returning file_id
