-- writes  named_store
copy named_store (file_id, share, store_key, store_id, first_polled_at, last_polled_at) from stdin with (format csv)
