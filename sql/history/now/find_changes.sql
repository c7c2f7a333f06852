-- Whether each store is open at as_of, and when it opens or closes next, as far as `until` tells.
--
-- reads   history.store_now, history.file_period, core.business_hours, history.new_special and history.new_planned
--         (as now/special_hours and now/planned_downtime have left them)
-- writes  history.store_now: is_open, next_change_at; only of stores whose next change is not known yet
-- binds   settlement_id, as_of, accepted_order, until (a date), clocks, utc_from, utc_to, utc_offsets (seconds): the
--         segments of all clocks; shard, shards
--
-- Opening time is found as the settlement does it (history/timeline.py), which knows of most stores what comes within a
-- day. Not every date is looked at: a week is like the one before, but for special hours, planned downtime, and a new
-- file of hours. So if nothing changes within more than two weeks of as_of and of each of those, nothing does. An end
-- of opening time is a change only if the time on both sides of it was looked at.
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

    near_date as materialized (
        select cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) as near_date
        union
        select valid_from
        from history.file_period
        where kind = 'business_hours' and accepted_order = :accepted_order and isfinite(valid_from)
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
        from (
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
                            when opening.start_time is not null
                                then
                                    tstzrange(
                                        piece.midnight_at + opening.start_time,
                                        piece.midnight_at + case
                                            when opening.end_time between interval '23:59' and interval '24 hours'
                                                then interval '24 hours'
                                            when opening.end_time > opening.start_time then opening.end_time
                                            else opening.end_time + interval '24 hours'
                                        end
                                    ) * piece.utc_range
                        end
                    ),
                    '{}'
                ) as opening_time,
                range_agg(piece.utc_range) as looked_at_time
            from (
                -- With its clock, so that a store meets only the pieces of its own dates.
                select distinct
                    interest.store_key,
                    interest.clock,
                    interest.near_date + day.number as local_date
                from (
                    select
                        asked.store_key,
                        asked.clock,
                        coalesce(
                            near_date.near_date,
                            new_special.local_date,
                            case when isfinite(turn.at) then cast(turn.at at time zone 'UTC' as date) end
                        ) as near_date
                    from history.store_now as asked
                    cross join (values ('near'), ('special'), ('planned')) as source (name)
                    left join near_date on source.name = 'near'
                    left join history.new_special
                        on asked.store_key = new_special.store_key and source.name = 'special'
                    left join history.new_planned
                        on asked.store_key = new_planned.store_key and source.name = 'planned'
                    left join lateral unnest(new_planned.planned_time) as planned_part (span) on true
                    left join lateral (
                        values (lower(planned_part.span)), (upper(planned_part.span))
                    ) as turn (at) on planned_part.span is not null
                    where
                        asked.settlement_id = :settlement_id
                        and asked.next_change_at is null
                        -- A store without hours was found to be open: only such rows close it.
                        and (
                            asked.is_open is distinct from true
                            or cardinality(asked.hours_file_ids) > 0
                            or exists (
                                select
                                from history.new_special as its_special
                                where its_special.store_key = asked.store_key
                            )
                            or exists (
                                select
                                from history.new_planned as its_planned
                                where its_planned.store_key = asked.store_key
                            )
                        )
                        and (:shards = 1 or (asked.store_key % :shards + :shards) % :shards = :shard)
                ) as interest
                cross join generate_series(-2, 18) as day (number)
                where
                    interest.near_date between cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) - 20
                    and cast(:until as date) + 2
                    and interest.near_date + day.number
                    between cast(cast(:as_of as timestamptz) at time zone 'UTC' as date) - 1 and :until
            ) as looked_at
            inner join history.store_now as store
                on looked_at.store_key = store.store_key and store.settlement_id = :settlement_id
            inner join piece on looked_at.clock = piece.clock and looked_at.local_date = piece.local_date
            left join history.new_special as special
                on store.store_key = special.store_key and piece.started_on = special.local_date
            left join core.business_hours as weekly
                on
                    piece.hours_file_id = weekly.file_id
                    and store.store_key = weekly.store_key
                    and piece.weekday = weekly.weekday
                    and special.store_key is null
            cross join lateral (
                values (
                    coalesce(special.start_time_local, cast(weekly.start_time_local as interval)),
                    coalesce(special.end_time_local, weekly.end_time_local)
                )
            ) as opening (start_time, end_time)
            group by store.store_key
        ) as opened
        left join history.new_planned as covered on opened.store_key = covered.store_key
    ) as open_store
    left join lateral unnest(open_store.open_time) as part (span) on true
    left join lateral (values (lower(part.span)), (upper(part.span))) as edge (at) on true
    group by open_store.store_key, open_store.open_time
) as found
where store_now.settlement_id = :settlement_id and store_now.store_key = found.store_key
