-- Open time, uptime, downtime and unknown time of each store, in microseconds, for the last hour, day and week.
--
-- reads   report.store, report.open_time, report.observed_status
-- writes  report.store_uptime, one row per store of the shard
-- binds   report_id, hour_start, day_start, no_data, shard, shards
--
-- Up is open and active, unknown is open and not known, down is the rest of open time; nothing is rounded. All spans
-- lie inside the week, so a shorter period only moves their lower ends. no_data=down counts unknown time as downtime.
-- For the grouping by the key in the lateral subqueries see clip.
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
from (
    select
        total.store_key,
        total.store_id,
        coalesce(max(total.hour) filter (where total.name = 'open'), 0)::bigint as open_hour,
        coalesce(max(total.hour) filter (where total.name = 'up'), 0)::bigint as up_hour,
        coalesce(max(total.hour) filter (where total.name = 'unknown'), 0)::bigint as unknown_hour,
        coalesce(max(total.day) filter (where total.name = 'open'), 0)::bigint as open_day,
        coalesce(max(total.day) filter (where total.name = 'up'), 0)::bigint as up_day,
        coalesce(max(total.day) filter (where total.name = 'unknown'), 0)::bigint as unknown_day,
        coalesce(max(total.week) filter (where total.name = 'open'), 0)::bigint as open_week,
        coalesce(max(total.week) filter (where total.name = 'up'), 0)::bigint as up_week,
        coalesce(max(total.week) filter (where total.name = 'unknown'), 0)::bigint as unknown_week
    from (
        select
            store.store_key,
            store.store_id,
            measure.name,
            extract(epoch from sum(upper(piece.utc_range) - lower(piece.utc_range))) * 1000000 as week,
            extract(epoch from sum(upper(piece.utc_range) - greatest(lower(piece.utc_range), :day_start))
                filter (where upper(piece.utc_range) > :day_start)) * 1000000 as day,
            extract(epoch from sum(upper(piece.utc_range) - greatest(lower(piece.utc_range), :hour_start))
                filter (where upper(piece.utc_range) > :hour_start)) * 1000000 as hour
        from report.store
        inner join lateral (
            select
                open_time.store_key,
                open_time.open_time
            from report.open_time
            where open_time.report_id = :report_id and open_time.store_key = store.store_key
            group by open_time.report_id, open_time.store_key
        ) as opening on store.store_key = opening.store_key
        inner join lateral (
            select
                observed_status.store_key,
                observed_status.known_time,
                observed_status.active_time
            from report.observed_status
            where observed_status.report_id = :report_id and observed_status.store_key = store.store_key
            group by observed_status.report_id, observed_status.store_key
        ) as observed on store.store_key = observed.store_key
        cross join (values ('open'), ('up'), ('unknown')) as measure (name)
        left join lateral unnest(
            case
                when measure.name = 'open' then opening.open_time
                when measure.name = 'up' then opening.open_time * observed.active_time
                when :no_data = 'down' or observed.known_time @> opening.open_time then '{}'
                else opening.open_time - observed.known_time
            end
        ) as piece (utc_range) on true
        where
            store.report_id = :report_id
            and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
        group by store.store_key, store.store_id, measure.name
    ) as total
    group by total.store_key, total.store_id
) as spent
