-- What Great Expectations checks once a report is pinned: its stores, and the polls of the reported week.
--
-- reads   report.report, report.used_snapshot, core.acceptance, core.file, core.store, core.snapshot_store,
--         core.business_hours, core.store_timezone, core.poll_day, core.poll
-- yields  one row per store of the report; the log_ columns are about all polls together, and the same in every row
-- binds   report_id, as_of, day_start and week_start (a day and a week before it)
--
-- It becomes a temporary table, so it has to begin with `select`. The counts, ends and longest gaps of the rows of
-- core.poll_day are enough, and the time between one row and the next; width_bucket counts the polls of a row up to an
-- instant. Only days that an edge of the week cuts, or in which rows overlap, are unnested, and of these only those
-- where a gap may be the store's longest. Of a corrected poll both versions are counted.
--
-- Maintenance merges the polls of several files into one row, whose file_id is the newest of them. If some of these
-- files were accepted after the pin, the row is put together anew from the polls of the others (visible_row).
--
-- Three hours without any poll cannot have passed if they did not pass for one store, and that is so in most logs. Only
-- where no such store is, the polls of all are put in order.
select checked_store.*
from (
    with pinned as (
        select
            report.accepted_order,
            hours.file_id as business_hours_file_id,
            zones.file_id as store_timezones_file_id
        from report.report
        left join report.used_snapshot as hours on report.report_id = hours.report_id and hours.kind = 'business_hours'
        left join report.used_snapshot as zones on report.report_id = zones.report_id and zones.kind = 'store_timezones'
        where report.report_id = cast(:report_id as uuid)
    ),

    hidden_file as (
        select file.file_id
        from core.file
        where
            file.kind = 'store_status'
            and file.state <> 'rejected'
            and not exists (
                select from core.acceptance
                inner join report.report on acceptance.accepted_order <= report.accepted_order
                where acceptance.file_id = file.file_id and report.report_id = cast(:report_id as uuid)
            )
    ),

    -- Only accepted files are merged.
    hidden_in_merged as materialized (
        select coalesce(array_agg(cast(file.file_id as integer)), '{}') as file_ids
        from hidden_file
        inner join core.file on hidden_file.file_id = file.file_id
        where file.state = 'accepted' and file.first_polled_at <= cast(:as_of as timestamptz)
    ),

    visible_row as (
        select
            poll_day.store_key,
            poll_day.utc_day,
            poll_day.polls,
            poll_day.first_polled_at,
            poll_day.last_polled_at,
            poll_day.longest_gap_us,
            poll_day.instants,
            false as is_partial
        from core.poll_day
        cross join hidden_in_merged
        where
            poll_day.file_id not in (select hidden_file.file_id from hidden_file)
            and (poll_day.file_ids is null or not poll_day.file_ids && hidden_in_merged.file_ids)
        union all
        select
            poll_day.store_key,
            poll_day.utc_day,
            cast(count(*) as integer) as polls,
            min(poll.polled_at) as first_polled_at,
            max(poll.polled_at) as last_polled_at,
            -- At most: its polls are unnested if that may be the store's longest gap.
            cast(extract(epoch from max(poll.polled_at) - min(poll.polled_at)) * 1000000 as bigint) as longest_gap_us,
            array_agg(poll.polled_at order by poll.polled_at) as instants,
            true as is_partial
        from core.poll_day
        cross join hidden_in_merged
        cross join lateral unnest(poll_day.instants, poll_day.file_ids) as poll (polled_at, file_id)
        where
            (select cardinality(hidden.file_ids) > 0 from hidden_in_merged as hidden) -- else no row is read
            and poll_day.file_ids && hidden_in_merged.file_ids
            and poll.file_id not in (select hidden_file.file_id from hidden_file)
        group by poll_day.store_key, poll_day.utc_day, poll_day.file_id, poll_day.row_no
    ),

    cut_row as materialized (
        select
            visible_row.store_key,
            visible_row.utc_day,
            visible_row.longest_gap_us,
            visible_row.is_partial
            or visible_row.first_polled_at <= cast(:week_start as timestamptz)
            or visible_row.last_polled_at > cast(:as_of as timestamptz) as is_cut,
            case
                when visible_row.first_polled_at > cast(:week_start as timestamptz) then 0
                else width_bucket(cast(:week_start as timestamptz), visible_row.instants)
            end as polls_before_week,
            case
                when visible_row.first_polled_at > cast(:day_start as timestamptz) then 0
                when visible_row.last_polled_at <= cast(:day_start as timestamptz) then visible_row.polls
                else width_bucket(cast(:day_start as timestamptz), visible_row.instants)
            end as polls_before_day,
            case
                when visible_row.last_polled_at <= cast(:as_of as timestamptz) then visible_row.polls
                else width_bucket(cast(:as_of as timestamptz), visible_row.instants)
            end as polls,
            case
                when visible_row.first_polled_at > cast(:week_start as timestamptz) then visible_row.first_polled_at
                else visible_row.instants[width_bucket(cast(:week_start as timestamptz), visible_row.instants) + 1]
            end as first_polled_at,
            case
                when visible_row.last_polled_at <= cast(:as_of as timestamptz) then visible_row.last_polled_at
                else visible_row.instants[width_bucket(cast(:as_of as timestamptz), visible_row.instants)]
            end as last_polled_at
        from visible_row
        where
            visible_row.utc_day >= cast(cast(:week_start as timestamptz) at time zone 'UTC' as date)
            and visible_row.utc_day <= cast(cast(:as_of as timestamptz) at time zone 'UTC' as date)
            and visible_row.last_polled_at > cast(:week_start as timestamptz)
            and visible_row.first_polled_at <= cast(:as_of as timestamptz)
    ),

    summed_store as materialized (
        select
            store_key,
            sum(polls - polls_before_week) as polls,
            sum(greatest(polls - greatest(polls_before_week, polls_before_day), 0)) as last_day_polls,
            min(first_polled_at) as first_polled_at,
            max(last_polled_at) as last_polled_at,
            array_agg(utc_day) filter (where is_inexact) as inexact_days,
            array_agg(longest_gap_us) filter (where is_inexact) as inexact_gaps_us,
            greatest(
                max(longest_gap_us) filter (where not is_inexact),
                extract(epoch from max(first_polled_at - last_polled_before)) * 1000000,
                0
            ) as longest_gap_us
        from (
            select
                cut_row.*,
                max(cut_row.last_polled_at) over in_time as last_polled_before,
                cut_row.is_cut
                or cut_row.last_polled_at >= lead(cut_row.first_polled_at, 1, 'infinity') over in_time
                or coalesce(
                    cut_row.first_polled_at <= max(cut_row.last_polled_at) over in_time, false
                ) as is_inexact
            from cut_row
            where cut_row.polls > cut_row.polls_before_week
            window in_time as (
                partition by cut_row.store_key
                order by cut_row.first_polled_at
                rows between unbounded preceding and 1 preceding
            )
        ) as row_of_week
        group by store_key
    ),

    unnested_store as materialized (
        select
            poll.store_key,
            extract(epoch from max(poll.polled_at - poll.polled_before)) * 1000000 as longest_gap_us
        from (
            select
                poll.store_key,
                poll.polled_at,
                lag(poll.polled_at) over (
                    partition by poll.store_key, poll.utc_day
                    order by poll.polled_at
                ) as polled_before
            from (
                select
                    summed_store.store_key,
                    inexact.utc_day
                from summed_store
                cross join
                    lateral unnest(summed_store.inexact_days, summed_store.inexact_gaps_us) as inexact (utc_day, gap_us)
                -- One more poll within a gap can only make it shorter.
                where inexact.gap_us > summed_store.longest_gap_us
                group by summed_store.store_key, inexact.utc_day
            ) as inexact_day
            inner join core.poll on inexact_day.store_key = poll.store_key and inexact_day.utc_day = poll.utc_day
            where
                poll.utc_day >= cast(cast(:week_start as timestamptz) at time zone 'UTC' as date)
                and poll.utc_day <= cast(cast(:as_of as timestamptz) at time zone 'UTC' as date)
                and poll.polled_at > cast(:week_start as timestamptz)
                and poll.polled_at <= cast(:as_of as timestamptz)
                and poll.file_id not in (select hidden_file.file_id from hidden_file)
        ) as poll
        group by poll.store_key
    ),

    polled_store as (
        select
            summed_store.store_key,
            summed_store.polls,
            summed_store.last_day_polls,
            summed_store.first_polled_at,
            summed_store.last_polled_at,
            greatest(summed_store.longest_gap_us, unnested_store.longest_gap_us)
            * interval '1 microsecond' as longest_gap
        from summed_store
        left join unnested_store on summed_store.store_key = unnested_store.store_key
    ),

    log as materialized (
        select
            max(last_polled_at) as last_polled_at,
            min(first_polled_at) as first_polled_at,
            sum(last_day_polls) as last_day_polls,
            sum(polls - last_day_polls) as earlier_polls,
            date_part('epoch', cast(:day_start as timestamptz) - min(first_polled_at)) / 86400 as earlier_days
        from polled_store
    ),

    silence as materialized (
        select coalesce(sum(date_part('epoch', between_polls.gap)) / 3600, 0) as hours
        from (
            select poll.polled_at - lag(poll.polled_at) over (order by poll.polled_at) as gap
            from core.poll
            where
                poll.utc_day >= cast(cast(:week_start as timestamptz) at time zone 'UTC' as date)
                and poll.utc_day <= cast(cast(:as_of as timestamptz) at time zone 'UTC' as date)
                and poll.polled_at > cast(:week_start as timestamptz)
                and poll.polled_at <= cast(:as_of as timestamptz)
                and poll.file_id not in (select hidden_file.file_id from hidden_file)
                and not exists (
                    select
                    from polled_store
                    cross join log
                    where
                        polled_store.longest_gap < interval '3 hours'
                        and polled_store.first_polled_at < log.first_polled_at + interval '3 hours'
                        and polled_store.last_polled_at > log.last_polled_at - interval '3 hours'
                )
        ) as between_polls
        where between_polls.gap >= interval '3 hours'
    ),

    unpolled_store as materialized (
        select store.store_key
        from core.store
        left join polled_store on store.store_key = polled_store.store_key
        where polled_store.store_key is null
    ),

    -- Apart from known_store, so that the planner weighs the ways to join there without what this may cost.
    earlier_store as materialized (
        select
            unpolled_store.store_key,
            earlier_row.last_polled_at
        from unpolled_store
        inner join lateral (
            select
                poll_day.store_key,
                max(poll.polled_at) as last_polled_at
            from core.poll_day
            cross join hidden_in_merged
            -- The last poll of the row, or all of them if some are hidden.
            cross join lateral unnest(
                case
                    when poll_day.file_ids && hidden_in_merged.file_ids then poll_day.instants
                    else array[poll_day.last_polled_at]
                end,
                case
                    when poll_day.file_ids && hidden_in_merged.file_ids then poll_day.file_ids
                    else array[poll_day.file_id]
                end
            ) as poll (polled_at, file_id)
            where
                poll_day.store_key = unpolled_store.store_key
                and poll_day.first_polled_at <= cast(:week_start as timestamptz)
                and poll.polled_at <= cast(:week_start as timestamptz)
                and poll.file_id not in (select hidden_file.file_id from hidden_file)
            group by poll_day.store_key
        ) as earlier_row on unpolled_store.store_key = earlier_row.store_key
    ),

    known_store as materialized (
        select
            store.store_id,
            opening.store_key is not null or coalesce(hours_row.has_closed_rows, false) as has_business_hours,
            not coalesce(hours_row.has_unusable_rows, false)
            or hours_row.has_closed_rows
            or opening.store_key is not null as has_usable_hours,
            store_timezone.store_key is not null or coalesce(zone_row.has_unusable_rows, false) as has_timezone,
            case
                when zone_row.store_key is not null then
                    store_timezone.store_key is not null or not zone_row.has_unusable_rows
            end as is_timezone_known,
            date_part('epoch', polled_store.longest_gap) / 3600 as longest_gap_hours,
            coalesce(polled_store.last_polled_at, earlier_store.last_polled_at) as last_polled_at
        from core.store
        left join core.snapshot_store as hours_row
            on
                store.store_key = hours_row.store_key
                and hours_row.file_id = (select pinned.business_hours_file_id from pinned)
        left join core.snapshot_store as zone_row
            on
                store.store_key = zone_row.store_key
                and zone_row.file_id = (select pinned.store_timezones_file_id from pinned)
        left join core.store_timezone
            on
                store.store_key = store_timezone.store_key
                and store_timezone.file_id = (select pinned.store_timezones_file_id from pinned)
        left join (
            select business_hours.store_key
            from core.business_hours
            where business_hours.file_id = (select pinned.business_hours_file_id from pinned)
            group by business_hours.store_key
        ) as opening on store.store_key = opening.store_key
        left join polled_store on store.store_key = polled_store.store_key
        left join earlier_store on store.store_key = earlier_store.store_key
        where
            store.polled_from <= (select pinned.accepted_order from pinned)
            or hours_row.store_key is not null
            or zone_row.store_key is not null
    )

    select
        known_store.store_id,
        known_store.has_business_hours,
        known_store.has_usable_hours,
        known_store.has_timezone,
        known_store.is_timezone_known,
        known_store.last_polled_at is not null as has_polls,
        date_part('epoch', cast(:as_of as timestamptz) - known_store.last_polled_at) / 3600 as hours_since_last_poll,
        known_store.longest_gap_hours,
        case when log.last_polled_at is null then 168 else silence.hours end as log_silent_hours,
        cast(
            case
                when log.earlier_days >= 1 then 100 * log.last_day_polls / (log.earlier_polls / log.earlier_days)
                else 100
            end as double precision
        ) as log_percent_of_usual_polls
    from known_store
    cross join log
    cross join silence
    order by known_store.store_id collate "C"
) as checked_store
