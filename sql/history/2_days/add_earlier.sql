-- The days before from_date on which a stretch started that goes on after, if what is said of openings is another: all
-- else is as it was.
--
-- reads   history.new_store, history.new_stretch, history.day
-- writes  history.new_day
-- binds   shard, shards
insert into history.new_day (
    store_key, local_date, timezone, utc_range, is_final, open_us, planned_us, up_us, down_us, unknown_us,
    opened_late_us, closed_early_us, missed_openings, last_open_at, last_active_at, stretch_on, stretch_starts_planned,
    stretch_open_us, stretch_late_us, stretch_early_us, other_late_us, other_early_us, other_missed
)
select
    day.store_key,
    day.local_date,
    day.timezone,
    day.utc_range,
    day.is_final,
    day.open_us,
    day.planned_us,
    day.up_us,
    day.down_us,
    day.unknown_us,
    stretch.opened_late_us + coalesce(day.other_late_us, 0),
    stretch.closed_early_us + coalesce(day.other_early_us, 0),
    stretch.missed_openings + coalesce(day.other_missed, 0),
    day.last_open_at,
    day.last_active_at,
    day.stretch_on,
    day.stretch_starts_planned,
    day.stretch_open_us,
    day.stretch_late_us,
    day.stretch_early_us,
    day.other_late_us,
    day.other_early_us,
    day.other_missed
from history.new_store as store
inner join history.new_stretch as stretch
    on store.store_key = stretch.store_key and stretch.local_date < store.from_date
inner join history.day on stretch.store_key = day.store_key and stretch.local_date = day.local_date
where
    (day.opened_late_us, day.closed_early_us, day.missed_openings)
    <> (
        stretch.opened_late_us + coalesce(day.other_late_us, 0),
        stretch.closed_early_us + coalesce(day.other_early_us, 0),
        stretch.missed_openings + coalesce(day.other_missed, 0)
    )
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
