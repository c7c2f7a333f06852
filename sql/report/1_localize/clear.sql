-- name: stores
-- writes  report.store
-- binds   report_id, shard, shards
delete from report.store
where
    report_id = :report_id
    and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard);

-- name: zone_days
-- Local dates of zone segments of another week (see zone_segments).
--
-- writes  report.zone_day
-- binds   report_id, week_start, as_of
delete from report.zone_day
where report_id = :report_id and not utc_range <@ tstzrange(:week_start, :as_of);

-- name: zone_segments
-- Zone segments of another week: they are left over when a report is pinned again and its as_of moves.
--
-- writes  report.zone_segment
-- binds   report_id, week_start, as_of
--
-- Those of the report's own week stay: all shards add the same ones, at the same time.
delete from report.zone_segment
where report_id = :report_id and not utc_range <@ tstzrange(:week_start, :as_of);
