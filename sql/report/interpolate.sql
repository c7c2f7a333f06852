-- Open time, uptime, downtime and unknown time of each store, in microseconds, for the last hour, day and week.
--
-- reads   report.store, report.open_time, report.observed_status
-- writes  report.store_uptime, one row per store of the shard
-- binds   report_id, hour_start, day_start, no_data, shard, shards
--
-- Up is open and active, unknown is open and not known, down is the rest; nothing is rounded. All spans lie inside the
-- week, so a shorter period only moves their lower ends. no_data=down counts unknown time as downtime. `offset 0`: see
-- clip.
with spent as (
    select
        store.store_key,
        store.store_id,
        coalesce(extract(epoch from open.hour) * 1000000, 0)::bigint as open_hour,
        coalesce(extract(epoch from up.hour) * 1000000, 0)::bigint as up_hour,
        coalesce(extract(epoch from unknown.hour) * 1000000, 0)::bigint as unknown_hour,
        coalesce(extract(epoch from open.day) * 1000000, 0)::bigint as open_day,
        coalesce(extract(epoch from up.day) * 1000000, 0)::bigint as up_day,
        coalesce(extract(epoch from unknown.day) * 1000000, 0)::bigint as unknown_day,
        coalesce(extract(epoch from open.week) * 1000000, 0)::bigint as open_week,
        coalesce(extract(epoch from up.week) * 1000000, 0)::bigint as up_week,
        coalesce(extract(epoch from unknown.week) * 1000000, 0)::bigint as unknown_week
    from report.store
    cross join lateral (
        select open_time.open_time
        from report.open_time
        where open_time.report_id = :report_id and open_time.store_key = store.store_key
        offset 0
    ) as opening
    cross join lateral (
        select
            observed_status.active_time,
            case
                when :no_data = 'down' or observed_status.known_time @> opening.open_time then '{}'
                else opening.open_time - observed_status.known_time
            end as unknown_time
        from report.observed_status
        where observed_status.report_id = :report_id and observed_status.store_key = store.store_key
        offset 0
    ) as observed
    cross join lateral (
        select
            sum(upper(utc_range) - lower(utc_range)) as week,
            sum(upper(utc_range) - greatest(lower(utc_range), :day_start))
                filter (where upper(utc_range) > :day_start) as day,
            sum(upper(utc_range) - greatest(lower(utc_range), :hour_start))
                filter (where upper(utc_range) > :hour_start) as hour
        from unnest(opening.open_time) as span (utc_range)
    ) as open
    cross join lateral (
        select
            sum(upper(utc_range) - lower(utc_range)) as week,
            sum(upper(utc_range) - greatest(lower(utc_range), :day_start))
                filter (where upper(utc_range) > :day_start) as day,
            sum(upper(utc_range) - greatest(lower(utc_range), :hour_start))
                filter (where upper(utc_range) > :hour_start) as hour
        from unnest(opening.open_time * observed.active_time) as span (utc_range)
    ) as up
    cross join lateral (
        select
            sum(upper(utc_range) - lower(utc_range)) as week,
            sum(upper(utc_range) - greatest(lower(utc_range), :day_start))
                filter (where upper(utc_range) > :day_start) as day,
            sum(upper(utc_range) - greatest(lower(utc_range), :hour_start))
                filter (where upper(utc_range) > :hour_start) as hour
        from unnest(observed.unknown_time) as span (utc_range)
    ) as unknown
    where
        store.report_id = :report_id
        and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
)

insert into report.store_uptime (
    report_id, store_key, store_id,
    open_last_hour_us, open_last_day_us, open_last_week_us,
    uptime_last_hour_us, uptime_last_day_us, uptime_last_week_us,
    downtime_last_hour_us, downtime_last_day_us, downtime_last_week_us,
    unknown_last_hour_us, unknown_last_day_us, unknown_last_week_us
)
select
    :report_id,
    store_key,
    store_id,
    open_hour,
    open_day,
    open_week,
    up_hour,
    up_day,
    up_week,
    open_hour - up_hour - unknown_hour,
    open_day - up_day - unknown_day,
    open_week - up_week - unknown_week,
    unknown_hour,
    unknown_day,
    unknown_week
from spent
