-- Open time, uptime, downtime and unknown time of each store, in microseconds, for the last hour, day and week.
--
-- reads   report.report, report.store, report.open_time, report.observed_status
-- writes  report.store_uptime, one row per store of the shard
-- binds   report_id, shard
--
-- Up is open and active, unknown is open and not known, down is the rest; nothing is rounded. All spans lie inside the
-- week, so a shorter period only moves their lower ends. no_data=down counts unknown time as downtime.
insert into report.store_uptime (
    report_id, store_key, store_id,
    open_last_hour_us, open_last_day_us, open_last_week_us,
    uptime_last_hour_us, uptime_last_day_us, uptime_last_week_us,
    downtime_last_hour_us, downtime_last_day_us, downtime_last_week_us,
    unknown_last_hour_us, unknown_last_day_us, unknown_last_week_us
)
select
    report.report_id,
    store.store_key,
    store.store_id,
    spent.open_hour,
    spent.open_day,
    spent.open_week,
    spent.up_hour,
    spent.up_day,
    spent.up_week,
    spent.open_hour - spent.up_hour - spent.unknown_hour,
    spent.open_day - spent.up_day - spent.unknown_day,
    spent.open_week - spent.up_week - spent.unknown_week,
    spent.unknown_hour,
    spent.unknown_day,
    spent.unknown_week
from report.report
inner join report.store using (report_id)
inner join report.open_time using (report_id, store_key)
inner join report.observed_status using (report_id, store_key)
cross join lateral (
    select
        coalesce(sum(last_hour) filter (where kind = 'open'), 0) as open_hour,
        coalesce(sum(last_day) filter (where kind = 'open'), 0) as open_day,
        coalesce(sum(last_week) filter (where kind = 'open'), 0) as open_week,
        coalesce(sum(last_hour) filter (where kind = 'up'), 0) as up_hour,
        coalesce(sum(last_day) filter (where kind = 'up'), 0) as up_day,
        coalesce(sum(last_week) filter (where kind = 'up'), 0) as up_week,
        coalesce(sum(last_hour) filter (where kind = 'unknown'), 0) as unknown_hour,
        coalesce(sum(last_day) filter (where kind = 'unknown'), 0) as unknown_day,
        coalesce(sum(last_week) filter (where kind = 'unknown'), 0) as unknown_week
    from (
        select
            measured.kind,
            (extract(epoch from measured.to_at - measured.from_at) * 1000000)::bigint as last_week,
            (
                extract(
                    epoch from measured.to_at
                    - least(greatest(measured.from_at, report.as_of - interval '24 hours'), measured.to_at)
                ) * 1000000
            )::bigint as last_day,
            (
                extract(
                    epoch from measured.to_at
                    - least(greatest(measured.from_at, report.as_of - interval '1 hour'), measured.to_at)
                ) * 1000000
            )::bigint as last_hour
        from (
            select
                span.kind,
                lower(span.utc_range) as from_at,
                upper(span.utc_range) as to_at
            from (
                select
                    'open' as kind,
                    unnest(open_time.open_time) as utc_range
                union all
                select
                    'up',
                    unnest(open_time.open_time * observed_status.active_time)
                union all
                select
                    'unknown',
                    unnest(open_time.open_time - observed_status.known_time)
                where report.no_data = 'unknown'
            ) as span
        ) as measured
    ) as piece
) as spent
where
    report.report_id = :report_id
    and (store.store_key % report.shards + report.shards) % report.shards = :shard
