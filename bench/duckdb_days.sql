-- Days with their openings, as plain DuckDB: exact for input without special hours and planned downtime, in one zone a
-- store, and where no clock goes back over midnight.
--
-- reads      poll, business_hours, store_timezone
-- writes     day_figures
--
-- Instants are microseconds since 1970 in UTC, wall clocks the same without a zone.
set variable as_of = (select epoch_us(max(polled_at)) from poll);
set variable max_gap = 3 * 3600000000;

create temp table store as
select row_number() over ()::integer as store_key, store_id, first_at, coalesce(timezone, 'America/Chicago') as timezone
from (select store_id, epoch_us(min(polled_at)) as first_at from poll group by store_id)
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
            time_bucket(interval '15 minutes', make_timestamptz((select min(first_at) from store)) - interval '3 days'),
            make_timestamptz(getvariable('as_of')) + interval '2 days',
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
    at_us as utc_from,
    lead(at_us, 1, getvariable('as_of') + 2 * 86400000000) over (partition by timezone order by at_us) as utc_to
from change;

create temp table date_piece as
select *, greatest(utc_from, utc_midnight) as from_us, least(utc_to, utc_midnight + 86400000000) as to_us
from (
    select *, epoch_us(local_date) - utc_offset as utc_midnight
    from (
        select *, unnest(generate_series(
            make_timestamp(utc_from + utc_offset)::date - 1, make_timestamp(utc_to + utc_offset)::date, interval '1 day'
        ))::date as local_date
        from segment
    )
);

create temp table day as
select store_key, local_date, starts_us, ends_us, least(ends_us, getvariable('as_of')) as until_us
from store
join (
    select timezone, local_date, min(from_us) as starts_us, max(to_us) as ends_us
    from date_piece
    where from_us < to_us
    group by timezone, local_date
) using (timezone)
where ends_us > first_at and starts_us <= getvariable('as_of');

-- Openings that overlap or touch are one stretch.
create temp table stretch as
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
piece as (
    select
        store_key,
        greatest(utc_from, utc_midnight + opens_after) as open_from,
        least(utc_to, utc_midnight + closes_after) as open_to
    from store
    join opening using (store_id)
    join date_piece on store.timezone = date_piece.timezone and weekday = isodow(local_date) - 1
    where utc_midnight + opens_after < utc_to and utc_midnight + closes_after > utc_from
),
numbered as (
    select *, sum(is_apart) over (partition by store_key order by open_from) as island
    from (
        select *, coalesce(open_from > max(open_to) over (
            partition by store_key order by open_from rows between unbounded preceding and 1 preceding
        ), true)::integer as is_apart
        from piece
    )
)
select store_key, min(open_from) as open_from, max(open_to) as open_to
from numbered
group by store_key, island
union all
select store_key, -9000000000000000, 9000000000000000
from store
where store_id not in (select store_id from business_hours);

-- Polls of one status in a row, none more than max_gap after the one before. Of two polls at one instant the later row
-- counts.
create temp table run as
with standing as (
    select store_key, epoch_us(polled_at) as at_us, is_active
    from (select store_key, polled_at, is_active, poll.rowid as row_number from poll join store using (store_id))
    qualify lead(polled_at) over (partition by store_key order by polled_at, row_number) is distinct from polled_at
),
edge as (
    select
        *,
        lag(at_us) over by_time as before_us,
        max(at_us) over (partition by store_key) as newest_us
    from standing
    window by_time as (partition by store_key order by at_us)
    qualify lag(is_active) over by_time is distinct from is_active
        or at_us - lag(at_us) over by_time > getvariable('max_gap')
)
select
    store_key,
    is_active,
    case when before_us is null then at_us - getvariable('max_gap') else at_us end as held_from,
    least(
        lead(at_us, 1, getvariable('as_of')) over by_time,
        lead(before_us, 1, newest_us) over by_time + getvariable('max_gap'),
        getvariable('as_of')
    ) as held_to
from edge
window by_time as (partition by store_key order by at_us);

create temp table open_piece as
select
    store_key,
    local_date,
    open_from,
    open_to,
    greatest(open_from, starts_us) as from_us,
    least(open_to, until_us) as to_us
from day
join stretch using (store_key)
where open_from < until_us and open_to > starts_us;

create temp table known_piece as
select
    store_key,
    local_date,
    open_from,
    open_to,
    is_active,
    greatest(open_piece.from_us, held.from_us) as from_us,
    least(open_piece.to_us, held.to_us) as to_us
from open_piece
join (
    select
        store_key,
        local_date,
        is_active,
        greatest(held_from, starts_us) as from_us,
        least(held_to, until_us) as to_us
    from run
    join day using (store_key)
    where held_from < until_us and held_to > starts_us
) as held using (store_key, local_date)
where open_piece.from_us < held.to_us and held.from_us < open_piece.to_us;

-- Down from the start of an opening on, or to its end: without a time that is up, or of which nothing is known.
create temp table opening as
with beside as (
    select
        *,
        coalesce(lag(to_us) over by_time, open_from) as to_before,
        coalesce(lead(from_us) over by_time, open_to) as from_after
    from known_piece
    window by_time as (partition by store_key, open_from order by from_us)
),
counted as (
    select
        *,
        sum((is_active or from_us > to_before)::integer) over (
            partition by store_key, open_from order by from_us
        ) as others_before,
        sum((is_active or to_us < from_after)::integer) over (
            partition by store_key, open_from order by from_us desc
        ) as others_after
    from beside
),
added as (
    select
        store_key,
        open_from,
        sum(to_us - from_us) filter (where not is_active) as down_us,
        sum(to_us - from_us) filter (where others_before = 0) as late_us,
        sum(to_us - from_us) filter (where others_after = 0) as early_us
    from counted
    group by store_key, open_from
)
select
    store_key,
    local_date,
    open_to <= getvariable('as_of') as is_over,
    is_over and coalesce(down_us, 0) = open_to - open_from as is_missed,
    coalesce(late_us, 0) as late_us,
    coalesce(early_us, 0) as early_us
from stretch
join day using (store_key)
left join added using (store_key, open_from)
where open_from >= starts_us and open_from < ends_us and open_from < getvariable('as_of');

create table day_figures as
with opened as (
    select store_key, local_date, sum(to_us - from_us) as open_us
    from open_piece
    group by store_key, local_date
),
known as (
    select
        store_key,
        local_date,
        sum(to_us - from_us) filter (where is_active) as up_us,
        sum(to_us - from_us) filter (where not is_active) as down_us
    from known_piece
    group by store_key, local_date
),
judged as (
    select
        store_key,
        local_date,
        sum(late_us) filter (where not is_missed) as opened_late_us,
        sum(early_us) filter (where not is_missed and is_over) as closed_early_us,
        count(*) filter (where is_missed) as missed_openings
    from opening
    group by store_key, local_date
)
select
    store_id,
    local_date,
    coalesce(open_us, 0)::bigint as open_us,
    0::bigint as planned_us,
    coalesce(up_us, 0)::bigint as up_us,
    coalesce(down_us, 0)::bigint as down_us,
    (coalesce(open_us, 0) - coalesce(up_us, 0) - coalesce(down_us, 0))::bigint as unknown_us,
    coalesce(opened_late_us, 0)::bigint as opened_late_us,
    coalesce(closed_early_us, 0)::bigint as closed_early_us,
    coalesce(missed_openings, 0)::bigint as missed_openings
from day
join store using (store_key)
left join opened using (store_key, local_date)
left join known using (store_key, local_date)
left join judged using (store_key, local_date);
