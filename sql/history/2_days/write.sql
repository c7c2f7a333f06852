-- name: days
-- writes  history.new_day
copy history.new_day (
    store_key, local_date, timezone, utc_range, is_final, open_us, planned_us, up_us, down_us, unknown_us,
    opened_late_us, closed_early_us, missed_openings, last_open_at, last_active_at, stretch_on, stretch_starts_planned,
    stretch_open_us, stretch_late_us, stretch_early_us, other_late_us, other_early_us, other_missed
) from stdin (format "binary");

-- name: stretches
-- writes  history.new_stretch
copy history.new_stretch (store_key, local_date, opened_late_us, closed_early_us, missed_openings)
from stdin (format "binary");

-- name: runs
-- writes  history.new_status
copy history.new_status (store_key, first_polled_at, last_polled_at, is_active)
from stdin (format "binary");

-- name: openings
-- writes  history.new_opening
copy history.new_opening (store_key, is_open, next_change_at)
from stdin (format "binary");

-- name: outage_days
-- writes  history.new_outage_day
copy history.new_outage_day (store_key, local_date, started_at, downtime_us, down_until)
from stdin (format "binary");

-- name: outages
-- writes  history.new_outage
copy history.new_outage (
    store_key, started_at, ended_at, downtime_us, ended_by, started_after, ended_before, started_on, ended_on
) from stdin (format "binary");

-- name: day_hours
-- writes  history.new_day_hours
copy history.new_day_hours (store_key, local_date, end_hour, is_special, polls, changes, open, down, unknown)
from stdin (format "binary");
