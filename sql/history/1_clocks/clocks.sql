-- name: list
-- The clocks of a shard's stores.
--
-- reads   history.new_store
-- yields  one clock a row
-- binds   shard, shards
select distinct clock
from history.new_store
where :shards = 1 or (store_key % :shards + :shards) % :shards = :shard
order by clock;

-- name: add_segment
-- A UTC span of a clock with one offset. Any shard may add it first: all find the same ones.
--
-- writes  history.clock_segment, one row
-- binds   clock, timezone, utc_from, utc_to, utc_offset_seconds
insert into history.clock_segment (clock, utc_range, utc_offset, timezone)
values (:clock, tstzrange(:utc_from, :utc_to), make_interval(secs => :utc_offset_seconds), :timezone)
on conflict (clock, utc_range) do nothing;

-- name: add_pieces
-- The local dates of each segment, each with the dates on which openings may have started that reach into it: itself,
-- and the one before.
--
-- reads   history.clock_segment, history.file_period
-- writes  history.clock_piece
-- binds   clocks, accepted_order
insert into history.clock_piece (clock, local_date, started_on, weekday, hours_file_id, midnight_at, utc_range)
select
    piece.clock,
    piece.local_date,
    opened.started_on,
    extract(isodow from opened.started_on) - 1,
    file_period.file_id,
    cast(opened.started_on as timestamp) at time zone 'UTC' - piece.utc_offset,
    piece.utc_range
from (
    select
        clock_segment.clock,
        clock_segment.utc_offset,
        cast(date.midnight as date) as local_date,
        clock_segment.utc_range * tstzrange(
            date.midnight at time zone 'UTC' - clock_segment.utc_offset,
            (date.midnight + interval '1 day') at time zone 'UTC' - clock_segment.utc_offset
        ) as utc_range
    from history.clock_segment
    cross join lateral generate_series(
        date_trunc('day', lower(clock_segment.utc_range) at time zone 'UTC' + clock_segment.utc_offset),
        upper(clock_segment.utc_range) at time zone 'UTC' + clock_segment.utc_offset,
        interval '1 day'
    ) as date (midnight)
    where clock_segment.clock = any(:clocks)
) as piece
cross join lateral (values (piece.local_date), (piece.local_date - 1)) as opened (started_on)
inner join history.file_period
    on
        file_period.kind = 'business_hours'
        and file_period.accepted_order = :accepted_order
        and opened.started_on >= file_period.valid_from
        and opened.started_on < file_period.valid_until
where not isempty(piece.utc_range)
on conflict do nothing;

-- name: add_dates
-- The local dates of each clock. A date is clean if, when it starts, all earlier ones are over; it is not where a clock
-- goes back over midnight. A date that the clock skips is a date of no length, at the instant of the change.
--
-- reads   history.clock_piece
-- writes  history.clock_date
-- binds   clocks
--
-- The zone of a date is that of the file that holds for it, as the clock is written: a clock that changes may read a
-- date in two zones, or one that the new zone should have read only in the old one.
insert into history.clock_date (clock, local_date, timezone, starts_at, ends_at, utc_range, is_clean)
select
    dated.clock,
    dated.local_date,
    zone.timezone,
    dated.starts_at,
    dated.ends_at,
    dated.utc_range,
    dated.next_starts_at >= coalesce(
        max(dated.ends_at) over (
            partition by dated.clock
            order by dated.local_date
            rows between unbounded preceding and 1 preceding
        ),
        '-infinity'
    )
from (
    select
        every.clock,
        every.local_date,
        coalesce(occurring.starts_at, min(occurring.starts_at) over from_here) as starts_at,
        coalesce(occurring.ends_at, min(occurring.starts_at) over from_here) as ends_at,
        coalesce(occurring.utc_range, '{}') as utc_range,
        min(occurring.starts_at) over from_here as next_starts_at
    from (
        select
            clock,
            cast(generate_series(min(local_date), max(local_date), interval '1 day') as date) as local_date
        from history.clock_piece
        where clock = any(:clocks)
        group by clock
    ) as every
    left join (
        select
            clock,
            local_date,
            min(lower(utc_range)) as starts_at,
            max(upper(utc_range)) as ends_at,
            range_agg(utc_range) as utc_range
        from history.clock_piece
        where clock = any(:clocks)
        group by clock, local_date
    ) as occurring on every.clock = occurring.clock and every.local_date = occurring.local_date
    window from_here as (partition by every.clock order by every.local_date desc)
) as dated
cross join lateral (
    select split_part(part.zone, ' ', -1) as timezone
    from unnest(string_to_array(dated.clock, ', ')) with ordinality as part (zone, number)
    where part.number = 1 or cast(split_part(part.zone, ' ', 1) as date) <= dated.local_date
    order by part.number desc
    limit 1
) as zone
on conflict do nothing;
