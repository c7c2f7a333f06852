-- Whether each store is open at as_of, and when it opens or closes next, as far as `until` tells.
--
-- reads   history.store_now, history.file_period, core.business_hours, core.special_hours, core.planned_downtime,
--         core.group_member
-- writes  history.store_now: is_open, next_change_at; only of stores whose next change is not known yet
-- binds   settlement_id, as_of, accepted_order, until (a date), special_hours_file_id, planned_downtime_file_id,
--         store_groups_file_id, clocks, utc_from, utc_to, utc_offsets (seconds): the segments of all clocks; shard,
--         shards
--
-- Opening time is found as the settlement does it (history/timeline.py). Not every date is looked at: a week is like
-- the one before, but for special hours, planned downtime, and a new file of hours. So if nothing changes within more
-- than two weeks of as_of and of each of those, nothing does. An end of opening time is a change only if the time on
-- both sides of it was looked at.
update history.store_now
set
    is_open = found.is_open,
    next_change_at = found.next_change_at
from (
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
            file_period.file_id as hours_file_id,
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
                least(
                    segment.utc_to at time zone 'UTC' + segment.utc_offset,
                    cast(cast(:until as date) as timestamp)
                ),
                interval '1 day'
            ) as date (midnight)
        ) as dated
        cross join lateral (values (dated.local_date), (dated.local_date - 1)) as opened (started_on)
        inner join history.file_period
            on
                file_period.kind = 'business_hours'
                and file_period.accepted_order = :accepted_order
                and opened.started_on >= file_period.valid_from
                and opened.started_on < file_period.valid_until
        where not isempty(dated.utc_range)
    ),

    planned_on_clock as materialized (
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
        from segment
        inner join core.planned_downtime on planned_downtime.file_id = :planned_downtime_file_id
        where
            coalesce(planned_downtime.ends_at, 'infinity') > :as_of
            and coalesce(planned_downtime.ends_local, 'infinity')
            > cast(:as_of as timestamptz) at time zone 'UTC' - interval '2 days'
        group by segment.clock, planned_downtime.file_id, planned_downtime.line
    ),

    asked as materialized (
        select
            store_key,
            store_id,
            clock,
            newest_timezone
        from history.store_now
        where
            settlement_id = :settlement_id
            and next_change_at is null
            and (:shards = 1 or (store_key % :shards + :shards) % :shards = :shard)
    ),

    scope as materialized (
        select
            asked.store_key,
            asked.clock,
            own.kind,
            own.name
        from asked
        cross join lateral (
            values ('store', asked.store_id), ('all', 'all'), ('timezone', asked.newest_timezone)
        ) as own (kind, name)
        union all
        select
            asked.store_key,
            asked.clock,
            group_member.kind,
            group_member.name
        from asked
        inner join core.group_member
            on group_member.file_id = :store_groups_file_id and asked.store_id = group_member.store_id
    ),

    special as materialized (
        select
            store_key,
            local_date,
            start_time_local,
            end_time_local
        from (
            select
                scope.store_key,
                given.local_date,
                given.start_time_local,
                given.end_time_local,
                given.level,
                min(given.level) over (partition by scope.store_key, given.local_date) as winning_level
            from (
                select
                    special_hours.local_date,
                    special_hours.start_time_local,
                    special_hours.end_time_local,
                    case
                        when special_hours.store_id is not null then 1
                        when special_hours.group_kind is not null then 2
                        else 3
                    end as level,
                    case
                        when special_hours.store_id is not null then 'store'
                        else coalesce(special_hours.group_kind, 'all')
                    end as kind,
                    coalesce(special_hours.store_id, special_hours.group_name, 'all') as name
                from core.special_hours
                where
                    special_hours.file_id = :special_hours_file_id
                    and special_hours.local_date
                    between cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) - 3 and :until
            ) as given
            inner join scope on given.kind = scope.kind and given.name = scope.name
        ) as scoped
        where level = winning_level
    ),

    planned as materialized (
        select
            scope.store_key,
            planned_on_clock.starts_at,
            planned_on_clock.ends_at
        from scope
        inner join planned_on_clock
            on
                scope.clock = planned_on_clock.clock
                and scope.kind = planned_on_clock.kind
                and scope.name = planned_on_clock.name
                and planned_on_clock.starts_at < planned_on_clock.ends_at
    ),

    -- With its clock, so that a store meets only the pieces of its own dates.
    looked_at as materialized (
        select distinct
            looking.store_key,
            looking.clock,
            interest.near_date + day.number as local_date
        from (
            select
                asked.store_key,
                cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) as near_date
            from asked
            union all
            select
                asked.store_key,
                file_period.valid_from
            from asked
            inner join history.file_period
                on
                    file_period.kind = 'business_hours'
                    and file_period.accepted_order = :accepted_order
                    and isfinite(file_period.valid_from)
            union all
            select
                special.store_key,
                special.local_date
            from special
            union all
            select
                planned.store_key,
                cast(edge.at at time zone 'UTC' as date)
            from planned
            cross join lateral (values (planned.starts_at), (planned.ends_at)) as edge (at)
            where isfinite(edge.at)
        ) as interest
        inner join asked as looking on interest.store_key = looking.store_key
        cross join generate_series(-2, 18) as day (number)
        where
            interest.near_date between cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) - 20
            and cast(:until as date) + 2
            and interest.near_date + day.number
            between cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) - 1 and :until
    ),

    opened as (
        select
            store.store_key,
            coalesce(
                range_agg(
                    case
                        when special.store_key is null and weekly.store_key is null then
                            case
                                when
                                    piece.started_on = piece.local_date
                                    and (piece.hours_file_id = any(store.hours_file_ids)) is not true
                                    then piece.utc_range
                            end
                        when
                            coalesce(special.start_time_local, weekly.start_time_local) is not null
                            then
                                tstzrange(
                                    piece.midnight_at
                                    + coalesce(special.start_time_local, weekly.start_time_local),
                                    piece.midnight_at + case
                                        when
                                            coalesce(special.end_time_local, weekly.end_time_local)
                                            between interval '23:59' and interval '24 hours'
                                            then interval '24 hours'
                                        when
                                            coalesce(special.end_time_local, weekly.end_time_local)
                                            > cast(
                                                coalesce(special.start_time_local, weekly.start_time_local) as interval
                                            )
                                            then coalesce(special.end_time_local, weekly.end_time_local)
                                        else
                                            coalesce(special.end_time_local, weekly.end_time_local)
                                            + interval '24 hours'
                                    end
                                ) * piece.utc_range
                    end
                ),
                '{}'
            ) as opening_time,
            range_agg(piece.utc_range) as looked_at_time
        from looked_at
        inner join history.store_now as store
            on looked_at.store_key = store.store_key and store.settlement_id = :settlement_id
        inner join piece on looked_at.clock = piece.clock and looked_at.local_date = piece.local_date
        left join special on store.store_key = special.store_key and piece.started_on = special.local_date
        left join core.business_hours as weekly
            on
                piece.hours_file_id = weekly.file_id
                and store.store_key = weekly.store_key
                and piece.weekday = weekly.weekday
                and special.store_key is null
        group by store.store_key
    )

    select
        open_store.store_key,
        open_store.open_time @> cast(:as_of as timestamptz) as is_open,
        min(edge.at) filter (
            where
            edge.at > :as_of
            and edge.at <= cast(:as_of as timestamptz) + interval '8784 hours'
            and open_store.looked_at_time @> edge.at
            and open_store.looked_at_time @> edge.at - interval '1 microsecond'
        ) as next_change_at
    from (
        select
            opened.store_key,
            opened.looked_at_time,
            case
                when covered.store_key is null then opened.opening_time
                else opened.opening_time - covered.planned_time
            end as open_time
        from opened
        left join (
            select
                planned.store_key,
                range_agg(tstzrange(planned.starts_at, planned.ends_at)) as planned_time
            from planned
            group by planned.store_key
        ) as covered on opened.store_key = covered.store_key
    ) as open_store
    left join lateral unnest(open_store.open_time) as part (span) on true
    left join lateral (values (lower(part.span)), (upper(part.span))) as edge (at) on true
    group by open_store.store_key, open_store.open_time
) as found
where store_now.settlement_id = :settlement_id and store_now.store_key = found.store_key
