-- The report from the loaded tables, as plain DuckDB: exact for input without unusable rows.
--
-- reads      poll, business_hours, store_timezone
-- writes     the CSV named by the variable csv
-- variables  csv
-- pieces     {store_key}, {poll_key}, {numbered_poll}: see KEYS in duckdb_report.py
--
-- Instants are microseconds since 1970 in UTC, wall clocks the same without a zone.
set variable as_of = (select epoch_us(max(polled_at)) from poll);
set variable week_from = getvariable('as_of') - 168 * 3600000000;

create temp table store as
select {store_key} as store_key, store_id, coalesce(timezone, 'America/Chicago') as timezone
from (select store_id from poll union select store_id from business_hours union select store_id from store_timezone)
left join store_timezone using (store_id);

-- Spans of UTC with one offset, for every zone in use. Offsets change on the quarter of an hour.
create temp table segment as
with quarter as (
    select
        zone.timezone,
        epoch_us(instant) as at_us,
        epoch_us(timezone(zone.timezone, instant)) - epoch_us(instant) as utc_offset
    from (select distinct timezone from store) as zone
    cross join (
        select unnest(generate_series(
            time_bucket(interval '15 minutes', make_timestamptz(getvariable('week_from'))),
            make_timestamptz(getvariable('as_of')),
            interval '15 minutes'
        )) as instant
    )
),
change as (
    select *
    from quarter
    qualify utc_offset is distinct from lag(utc_offset) over (partition by timezone order by at_us)
)
select
    timezone,
    utc_offset,
    greatest(at_us, getvariable('week_from')) as utc_from,
    lead(at_us, 1, getvariable('as_of')) over (partition by timezone order by at_us) as utc_to
from change;

create temp table open_time as
with opening as (
    select
        store_id,
        weekday,
        epoch_us(start_time) as opens_after,
        case
            when end_time >= time '23:59' then 86400000000
            when end_time <= start_time then 86400000000 + epoch_us(end_time)
            else epoch_us(end_time)
        end as closes_after
    from business_hours
),
local_date as (
    select *, isodow(date) - 1 as weekday, epoch_us(date) - utc_offset as utc_midnight
    from (
        select *, unnest(generate_series(
            make_timestamp(utc_from + utc_offset)::date - 1, make_timestamp(utc_to + utc_offset)::date, interval '1 day'
        ))::date as date
        from segment
    )
),
piece as (
    select
        store_key,
        greatest(utc_from, utc_midnight + opens_after) as open_from,
        least(utc_to, utc_midnight + closes_after) as open_to
    from store
    join opening using (store_id)
    join local_date using (timezone, weekday)
    where utc_midnight + opens_after < utc_to and utc_midnight + closes_after > utc_from
),
numbered as (
    select *, sum(is_apart) over (partition by store_key order by open_from) as island
    from (
        select *, (open_from > max(open_to) over (
            partition by store_key order by open_from rows between unbounded preceding and 1 preceding
        ))::integer as is_apart
        from piece
    )
)
select store_key, min(open_from) as open_from, max(open_to) as open_to
from numbered
group by store_key, island
union all
select store_key, getvariable('week_from'), getvariable('as_of')
from store
where store_id not in (select store_id from business_hours);

-- Spans of one status. Of two polls at one instant the later row counts; the first status holds backwards.
create temp table status_span as
with keyed_poll as (
    select {poll_key} as store_key, epoch_us(polled_at) as at_us, is_active, poll.rowid as row_number
    from {numbered_poll}
),
change as (
    select store_key, at_us, is_active
    from keyed_poll
    window by_time as (partition by store_key order by at_us, row_number)
    qualify lead(at_us) over by_time is distinct from at_us
        and (lag(is_active) over by_time is distinct from is_active or lag(at_us) over by_time = at_us)
)
select
    store_key,
    is_active,
    case when lag(at_us) over by_time is null then getvariable('week_from') else at_us end as held_from,
    lead(at_us, 1, getvariable('as_of')) over by_time as held_to
from change
window by_time as (partition by store_key order by at_us);

create temp table uptime as
with overlap as (
    select
        store_key,
        is_active,
        greatest(open_from, held_from) as from_at,
        least(open_to, held_to) as to_at
    from open_time
    join status_span using (store_key)
    where open_from < held_to and held_from < open_to
),
total as (
    select store_key, is_active, sum(to_at - from_at) as in_week,
        sum(greatest(0, to_at - greatest(from_at, getvariable('as_of') - 24 * 3600000000))) as in_day,
        sum(greatest(0, to_at - greatest(from_at, getvariable('as_of') - 3600000000))) as in_hour
    from overlap
    group by store_key, is_active
)
select
    store_id,
    coalesce(up.in_hour, 0)::bigint as up_hour,
    coalesce(up.in_day, 0)::bigint as up_day,
    coalesce(up.in_week, 0)::bigint as up_week,
    coalesce(down.in_hour, 0)::bigint as down_hour,
    coalesce(down.in_day, 0)::bigint as down_day,
    coalesce(down.in_week, 0)::bigint as down_week
from store
left join total as up on up.store_key = store.store_key and up.is_active
left join total as down on down.store_key = store.store_key and not down.is_active;

-- Hundredths of a unit, half away from zero (nothing is negative), from whole microseconds.
create temp macro hundredths(microseconds, unit) as
    printf('%d.%02d', (microseconds * 100 + unit // 2) // unit // 100, (microseconds * 100 + unit // 2) // unit % 100);

copy (
    select
        store_id,
        hundredths(up_hour, 60000000) as uptime_last_hour,
        hundredths(up_day, 3600000000) as uptime_last_day,
        hundredths(up_week, 3600000000) as uptime_last_week,
        hundredths(down_hour, 60000000) as downtime_last_hour,
        hundredths(down_day, 3600000000) as downtime_last_day,
        hundredths(down_week, 3600000000) as downtime_last_week
    from uptime
    order by store_id
) to (getvariable('csv')) (header, delimiter ',');
