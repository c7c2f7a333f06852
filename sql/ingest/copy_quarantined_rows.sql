-- writes  quality.quarantined_row, one row per unusable row of a file
copy quality.quarantined_row (file_id, line_number, column_name, reason, raw_text) from stdin with (format csv)
