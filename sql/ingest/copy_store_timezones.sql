-- writes  core.store_timezone, one row per store of a file
copy core.store_timezone (file_id, store_key, timezone) from stdin with (format csv)
