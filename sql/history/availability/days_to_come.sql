-- What a budget of a period that still runs rests on beside its days: the dates to come up to the period's end, and
-- what is to come of the dates that run, of the stores that come under a target on any date.
--
-- reads   history.day, history.store, history.store_group, history.store_target, history.used_snapshot,
--         core.business_hours, core.special_hours, core.planned_downtime
-- yields  one row for each scope and period in which some such store has dates to come
-- binds   edges (period n is the dates from the nth on, up to the next one); by (the kind of the scopes); kind, name,
--         store_keys (as days.sql); as_of; is_whole (whether later periods count, else only those that run); clocks,
--         utc_from, utc_to, utc_offsets (seconds): the segments of all clocks from days before as_of on; held_file_ids,
--         held_from, held_until: which hours hold for which dates
--
-- Opening time is found as the settlement does it (history/timeline.py), only that nothing is over and no status is
-- known. Of a date that has a day already only what is not before as_of is to come; of later ones all, even if a clock
-- that went back has read some of it. Open time counts only where there is a target.
with segment as materialized (
    select
        clock,
        utc_from,
        utc_to,
        make_interval(secs => utc_offset_seconds) as utc_offset
    from unnest(
        cast(:clocks as text[]),
        cast(:utc_from as timestamptz[]),
        cast(:utc_to as timestamptz[]),
        cast(:utc_offsets as double precision[])
    ) as given (clock, utc_from, utc_to, utc_offset_seconds)
),

piece as materialized (
    select
        dated.clock,
        dated.local_date,
        opened.started_on,
        extract(isodow from opened.started_on) - 1 as weekday,
        hours.file_id as hours_file_id,
        cast(opened.started_on as timestamp) at time zone 'UTC' - dated.utc_offset as midnight_at,
        dated.utc_range
    from (
        select
            segment.clock,
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
    where not isempty(dated.utc_range)
),

running_store as (
    select
        store_key,
        min(local_date) as from_date,
        max(local_date) as last_date
    from history.day
    where not is_final and (cast(:store_keys as bigint[]) is null or store_key = any(:store_keys))
    group by store_key
),

coming_date as (
    select
        store.store_key,
        store.clock,
        store.hours_file_ids,
        date.local_date,
        width_bucket(date.local_date, cast(:edges as date[])) as period_no,
        date.local_date <= running_store.last_date as is_day,
        store_target.target_thousandths[width_bucket(date.local_date, store_target.valid_from)] as target_thousandths
    from running_store
    inner join history.store on running_store.store_key = store.store_key
    inner join history.store_group
        on running_store.store_key = store_group.store_key and store_group.kind = :kind and store_group.name = :name
    inner join history.store_target on running_store.store_key = store_target.store_key
    cross join lateral (
        select cast(number as integer) + greatest(running_store.from_date, (cast(:edges as date[]))[1])
        from generate_series(
            0,
            (cast(:edges as date[]))[
                case
                    when :is_whole then cardinality(cast(:edges as date[]))
                    else least(
                        width_bucket(running_store.last_date, cast(:edges as date[])) + 1,
                        cardinality(cast(:edges as date[]))
                    )
                end
            ]
            - 1
            - greatest(running_store.from_date, (cast(:edges as date[]))[1])
        ) as number
    ) as date (local_date)
    where running_store.last_date >= (cast(:edges as date[]))[1]
),

special as (
    select
        store_key,
        local_date,
        start_time_local,
        end_time_local
    from (
        select
            store_group.store_key,
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
            special_hours.local_date >= cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) - 4
            and special_hours.local_date < (cast(:edges as date[]))[cardinality(cast(:edges as date[]))]
    ) as scoped
    where level = winning_level
),

planned as (
    select
        store.store_key,
        range_agg(read.utc_range) as planned_time
    from history.store
    inner join history.store_group on store.store_key = store_group.store_key
    inner join (
        select
            segment.clock,
            case
                when planned_downtime.store_id is not null then 'store'
                else coalesce(planned_downtime.group_kind, 'all')
            end as kind,
            coalesce(planned_downtime.store_id, planned_downtime.group_name, 'all') as name,
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
        cross join segment
        group by planned_downtime.file_id, planned_downtime.line, segment.clock
    ) as planned_row
        on
            store.clock = planned_row.clock
            and store_group.kind = planned_row.kind
            and store_group.name = planned_row.name
            and planned_row.starts_at < planned_row.ends_at
    cross join lateral (select tstzrange(planned_row.starts_at, planned_row.ends_at) as utc_range) as read
    group by store.store_key
),

opened_date as (
    select
        coming_date.store_key,
        coming_date.local_date,
        coming_date.period_no,
        coming_date.is_day,
        coming_date.target_thousandths,
        coalesce(
            range_agg(
                case
                    when special.store_key is null and weekly.store_key is null then
                        case
                            when
                                piece.started_on = piece.local_date
                                and (piece.hours_file_id = any(coming_date.hours_file_ids)) is not true
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
                end
            ),
            '{}'
        ) as opening_time
    from coming_date
    left join piece
        on
            coming_date.target_thousandths is not null
            and coming_date.clock = piece.clock
            and coming_date.local_date = piece.local_date
    left join special on coming_date.store_key = special.store_key and piece.started_on = special.local_date
    left join core.business_hours as weekly
        on
            piece.hours_file_id = weekly.file_id
            and coming_date.store_key = weekly.store_key
            and piece.weekday = weekly.weekday
            and special.store_key is null
    group by
        coming_date.store_key,
        coming_date.local_date,
        coming_date.period_no,
        coming_date.is_day,
        coming_date.target_thousandths
),

store_period as (
    select
        measured.store_key,
        measured.period_no,
        count(*) filter (where not measured.is_day and measured.target_thousandths is not null) as dates_with_target,
        count(*) filter (where not measured.is_day and measured.target_thousandths is null) as dates_without_target,
        min(measured.target_thousandths) as least_target,
        max(measured.target_thousandths) as greatest_target,
        sum(measured.open_us) filter (where measured.target_thousandths is not null) as open_us,
        sum(measured.open_us * (100000 - measured.target_thousandths)) as budget_100000
    from (
        select
            opened_date.*,
            history.length_us(
                opened_date.opening_time
                * case
                    when opened_date.is_day then tstzmultirange(tstzrange(:as_of, null))
                    else cast('{(,)}' as tstzmultirange)
                end
                - coalesce(planned.planned_time, '{}')
            ) as open_us
        from opened_date
        left join planned on opened_date.store_key = planned.store_key
    ) as measured
    group by measured.store_key, measured.period_no
)

select
    scope.name as scope,
    store_period.period_no,
    sum(store_period.dates_with_target) as dates_with_target,
    sum(store_period.dates_without_target) as dates_without_target,
    min(store_period.least_target) as least_target,
    max(store_period.greatest_target) as greatest_target,
    coalesce(sum(store_period.open_us), 0) as open_us,
    coalesce(sum(store_period.budget_100000), 0) as budget_100000
from store_period
inner join history.store_group as scope on store_period.store_key = scope.store_key and scope.kind = :by
group by scope.name, store_period.period_no
order by scope.name collate "C", store_period.period_no
