-- writes  core.business_hours, one row per opening of a file
--
-- The linter knows the formats csv and text only.
copy core.business_hours (file_id, store_key, weekday, start_time_local, end_time_local)
from stdin with (format binary) -- noqa: PRS
