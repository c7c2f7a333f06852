-- One store's reported week as spans of UTC: open, its parts up, down and unknown, and the zone's offsets.
--
-- reads   report.report, report.store, report.open_time, report.observed_status, report.zone_segment
-- binds   report_id, store_key
--
-- With no_data=down unknown time is down, as in the figures.
with week as (
    select
        o.open_time,
        s.known_time,
        s.active_time,
        r.no_data
    from report.report as r
    inner join report.open_time as o on r.report_id = o.report_id
    inner join report.observed_status as s on o.report_id = s.report_id and o.store_key = s.store_key
    where r.report_id = :report_id and o.store_key = :store_key
),

span as (
    select
        'open' as kind,
        unnest(open_time) as utc_range
    from week
    union all
    select
        'up',
        unnest(open_time * active_time)
    from week
    union all
    select
        'down',
        unnest(open_time * known_time - active_time)
    from week
    where no_data <> 'down'
    union all
    select
        'down',
        unnest(open_time - active_time)
    from week
    where no_data = 'down'
    union all
    select
        'unknown',
        unnest(open_time - known_time)
    from week
    where no_data <> 'down'
)

select
    kind,
    lower(utc_range) as from_at,
    upper(utc_range) as to_at,
    cast(null as interval) as utc_offset
from span
union all
select
    'offset',
    greatest(lower(z.utc_range), r.as_of - interval '168 hours'),
    least(upper(z.utc_range), r.as_of),
    z.utc_offset
from report.report as r
inner join report.store as s on r.report_id = s.report_id
inner join report.zone_segment as z on s.report_id = z.report_id and s.timezone = z.timezone
where
    r.report_id = :report_id
    and s.store_key = :store_key
    and z.utc_range && tstzrange(r.as_of - interval '168 hours', r.as_of)
order by kind, from_at
