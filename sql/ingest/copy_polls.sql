-- writes  {table}, the table of a month: one row per poll of a part of a file
--
-- {freeze} is true for a table that is new in this transaction: its rows are then written as settled, which spares the
-- first reader from writing all of them once more. The linter knows the formats csv and text only.
copy {table} (store_key, polled_at, file_id, part_no, is_active)
from stdin with (format binary, freeze {freeze}) -- noqa: PRS
