-- Local dates of zone segments of another week (see clear_zone_segments).
--
-- writes  report.zone_day
-- binds   report_id, week_start, as_of
delete from report.zone_day
where report_id = :report_id and not utc_range <@ tstzrange(:week_start, :as_of)
