-- writes  core.staged_run, one row per run of equal status of a store in a file
--
-- The linter knows the formats csv and text only.
copy core.staged_run (file_id, store_key, started_at, is_active) from stdin with (format binary) -- noqa: PRS
