-- The polls as text, in the order of their file, straight into the table.
--
-- reads   standard input: store_key, polled_at, file_id, part_no, is_active
-- writes  public.bare_poll
copy bare_poll from stdin with (format csv)
