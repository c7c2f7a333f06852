-- writes  {table}, the table of a month: one row per poll of a part of a file
copy {table} (store_key, polled_at, file_id, part_no, is_active) from stdin with (format binary)
