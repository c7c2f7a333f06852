-- writes  {table}, the table of a month: one row per poll of a part of a file
--
-- sqlfluff knows the formats csv and text only.
copy {table} (store_key, polled_at, file_id, part_no, is_active) from stdin with (format binary) -- noqa: PRS
