-- The time of one store on some dates: its opening time, and what it counts as.
--
-- reads   history.store_group, history.used_snapshot, core.business_hours, core.special_hours, core.planned_downtime,
--         core.poll, core.acceptance
-- yields  one row for each span, by kind, then start: opening and special (opening time, and the part of it that
--         special hours give) as far as the dates go; planned, up, down and unknown up to as_of
-- binds   store_key, hours_file_ids (in which the store has hours), as_of, accepted_order, max_gap, first_polled_at;
--         from_date, until_date, both within the days of the store; utc_from, utc_to, utc_offsets (seconds): the
--         segments of the store's clock around them; held_file_ids, held_from, held_until: which hours hold for
--         which dates
--
-- As the settlement finds it (history/timeline.py), for one store only: its days are the sums of these spans.
with segment as materialized (
    select
        utc_from,
        utc_to,
        make_interval(secs => utc_offset_seconds) as utc_offset
    from unnest(
        cast(:utc_from as timestamptz[]),
        cast(:utc_to as timestamptz[]),
        cast(:utc_offsets as double precision[])
    ) as given (utc_from, utc_to, utc_offset_seconds)
),

piece as materialized (
    select
        dated.local_date,
        opened.started_on,
        extract(isodow from opened.started_on) - 1 as weekday,
        hours.file_id as hours_file_id,
        cast(opened.started_on as timestamp) at time zone 'UTC' - dated.utc_offset as midnight_at,
        dated.utc_range
    from (
        select
            segment.utc_offset,
            cast(date.midnight as date) as local_date,
            tstzrange(segment.utc_from, segment.utc_to) * tstzrange(
                date.midnight at time zone 'UTC' - segment.utc_offset,
                (date.midnight + interval '1 day') at time zone 'UTC' - segment.utc_offset
            ) as utc_range
        from segment
        cross join lateral generate_series(
            date_trunc('day', segment.utc_from at time zone 'UTC' + segment.utc_offset),
            segment.utc_to at time zone 'UTC' + segment.utc_offset,
            interval '1 day'
        ) as date (midnight)
    ) as dated
    cross join lateral (values (dated.local_date), (dated.local_date - 1)) as opened (started_on)
    inner join unnest(
        cast(:held_file_ids as integer[]), cast(:held_from as date[]), cast(:held_until as date[])
    ) as hours (file_id, valid_from, valid_until)
        on opened.started_on >= hours.valid_from and opened.started_on < hours.valid_until
    where dated.local_date between :from_date and :until_date and not isempty(dated.utc_range)
),

date_span as (
    select
        min(lower(utc_range)) as starts_at,
        least(max(upper(utc_range)), :as_of) as ends_at
    from piece
),

special as (
    select
        local_date,
        start_time_local,
        end_time_local
    from (
        select
            special_hours.local_date,
            special_hours.start_time_local,
            special_hours.end_time_local,
            case store_group.kind when 'store' then 1 when 'all' then 3 else 2 end as level,
            min(case store_group.kind when 'store' then 1 when 'all' then 3 else 2 end)
                over (partition by store_group.store_key, special_hours.local_date) as winning_level
        from core.special_hours
        inner join history.used_snapshot
            on used_snapshot.kind = 'special_hours' and special_hours.file_id = used_snapshot.file_id
        inner join history.store_group
            on
                store_group.kind = case
                    when special_hours.store_id is not null then 'store' else coalesce(special_hours.group_kind, 'all')
                end
                and store_group.name = coalesce(special_hours.store_id, special_hours.group_name, 'all')
        where
            store_group.store_key = :store_key
            and special_hours.local_date between cast(:from_date as date) - 1 and :until_date
    ) as scoped
    where level = winning_level
),

weekly as (
    select
        file_id,
        weekday,
        start_time_local,
        end_time_local
    from core.business_hours
    where store_key = :store_key and file_id = any(cast(:held_file_ids as integer[]))
),

opening as (
    select
        coalesce(range_agg(spanned.utc_range), '{}') as opening_time,
        coalesce(range_agg(spanned.utc_range) filter (where spanned.is_special), '{}') as special_time
    from (
        select
            special.local_date is not null as is_special,
            case
                when special.local_date is null and weekly.file_id is null then
                    case
                        when
                            piece.started_on = piece.local_date
                            and (piece.hours_file_id = any(cast(:hours_file_ids as integer[]))) is not true
                            then piece.utc_range
                    end
                when coalesce(special.start_time_local, weekly.start_time_local) is not null then
                    tstzrange(
                        piece.midnight_at + coalesce(special.start_time_local, weekly.start_time_local),
                        piece.midnight_at + case
                            when
                                coalesce(special.end_time_local, weekly.end_time_local)
                                between interval '23:59' and interval '24 hours'
                                then interval '24 hours'
                            when
                                coalesce(special.end_time_local, weekly.end_time_local)
                                > coalesce(special.start_time_local, weekly.start_time_local)
                                then coalesce(special.end_time_local, weekly.end_time_local)
                            else coalesce(special.end_time_local, weekly.end_time_local) + interval '24 hours'
                        end
                    ) * piece.utc_range
            end as utc_range
        from piece
        left join special on piece.started_on = special.local_date
        left join weekly
            on
                piece.hours_file_id = weekly.file_id
                and piece.weekday = weekly.weekday
                and special.local_date is null
    ) as spanned
),

planned as (
    select coalesce(range_agg(tstzrange(read.starts_at, read.ends_at)), '{}') as planned_time
    from (
        select
            coalesce(
                planned_downtime.starts_at,
                min(greatest(segment.utc_from, planned_downtime.starts_local at time zone 'UTC' - segment.utc_offset))
                    filter (
                        where segment.utc_to > planned_downtime.starts_local at time zone 'UTC' - segment.utc_offset
                    ),
                'infinity'
            ) as starts_at,
            case
                when planned_downtime.ends_at is not null then planned_downtime.ends_at
                when planned_downtime.ends_local is null then 'infinity'
                else coalesce(
                    max(least(segment.utc_to, planned_downtime.ends_local at time zone 'UTC' - segment.utc_offset))
                        filter (
                            where segment.utc_from < planned_downtime.ends_local at time zone 'UTC' - segment.utc_offset
                        ),
                    '-infinity'
                )
            end as ends_at
        from core.planned_downtime
        inner join history.used_snapshot
            on used_snapshot.kind = 'planned_downtime' and planned_downtime.file_id = used_snapshot.file_id
        inner join history.store_group
            on
                store_group.kind = case
                    when planned_downtime.store_id is not null then 'store'
                    else coalesce(planned_downtime.group_kind, 'all')
                end
                and store_group.name = coalesce(planned_downtime.store_id, planned_downtime.group_name, 'all')
        cross join segment
        where store_group.store_key = :store_key
        group by planned_downtime.file_id, planned_downtime.line
    ) as read
    where read.starts_at < read.ends_at
),

poll_before as (
    select poll.polled_at
    from core.poll
    inner join core.acceptance on poll.file_id = acceptance.file_id
    where
        poll.store_key = :store_key
        and acceptance.accepted_order <= :accepted_order
        and poll.utc_day <= (select cast(date_span.starts_at at time zone 'UTC' as date) from date_span)
        and poll.polled_at <= (select date_span.starts_at from date_span)
    order by poll.utc_day desc, poll.polled_at desc
    limit 1
),

standing as (
    select distinct on (poll.polled_at)
        poll.polled_at,
        poll.is_active
    from core.poll
    inner join core.acceptance on poll.file_id = acceptance.file_id
    where
        poll.store_key = :store_key
        and acceptance.accepted_order <= :accepted_order
        and poll.utc_day >= coalesce(
            (select cast(poll_before.polled_at at time zone 'UTC' as date) from poll_before), '-infinity'
        )
        and poll.utc_day <= (select cast(date_span.ends_at at time zone 'UTC' as date) from date_span)
        and poll.polled_at <= (select date_span.ends_at from date_span)
    order by poll.polled_at asc, poll.file_id desc, poll.row_no desc, poll.position desc
),

held as (
    select
        range_agg(status.utc_range) filter (where status.is_active) as active_time,
        range_agg(status.utc_range) filter (where not status.is_active) as inactive_time
    from (
        select
            is_active,
            tstzrange(
                case
                    when polled_at > cast(:first_polled_at as timestamptz) then polled_at
                    else coalesce(polled_at - cast(:max_gap as interval), '-infinity')
                end,
                least(
                    polled_at + cast(:max_gap as interval),
                    lead(polled_at) over (order by polled_at),
                    cast(:as_of as timestamptz)
                )
            ) as utc_range
        from standing
    ) as status
),

timed as (
    select
        opening.opening_time,
        opening.special_time,
        opening.opening_time * past.utc_range - planned.planned_time as open_time,
        opening.opening_time * past.utc_range * planned.planned_time as planned_time,
        coalesce(held.active_time, '{}') as active_time,
        coalesce(held.inactive_time, '{}') as inactive_time
    from opening
    cross join planned
    cross join held
    cross join (select tstzmultirange(tstzrange(null, :as_of)) as utc_range) as past
)

select
    kind.name as kind,
    lower(span.utc_range) as from_at,
    upper(span.utc_range) as to_at
from timed
cross join lateral (
    values
    ('opening', timed.opening_time),
    ('special', timed.special_time),
    ('planned', timed.planned_time),
    ('up', timed.open_time * timed.active_time),
    ('down', timed.open_time * timed.inactive_time),
    ('unknown', timed.open_time - timed.active_time - timed.inactive_time)
) as kind (name, utc_ranges)
cross join lateral unnest(kind.utc_ranges) as span (utc_range)
order by kind.name, from_at
