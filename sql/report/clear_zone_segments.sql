-- Zone segments of another week: what is left when a report is pinned anew and its as-of moves.
--
-- writes  report.zone_segment
-- binds   report_id, week_start, as_of
--
-- Those of the report's own week stay: they are the same for all shards, which add them side by side.
delete from report.zone_segment
where report_id = :report_id and not utc_range <@ tstzrange(:week_start, :as_of)
