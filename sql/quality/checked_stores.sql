-- What Great Expectations checks once a report is pinned: its stores, and the polls of the reported week.
--
-- reads   report.report, core.acceptance, core.file, core.store, core.snapshot_store, core.business_hours,
--         core.store_timezone, core.poll
-- yields  one row per store of the report; the log_ columns are about all polls together, and the same in every row
-- binds   report_id, as_of, day_start and week_start (a day and a week before it), slot_starts (of the week's slots of
--         three hours, as the text of an array), expected_at (when the newest poll of all is due)
--
-- It becomes a temporary table, so it has to begin with `select`. The polls are read once, in parallel and unsorted: a
-- store has one bit for each of the week's 56 slots of three hours, set if it has polls there. A gap is a stretch of
-- whole slots without polls between two slots with polls: a gap shorter than nine hours may be missed, and a gap
-- shorter than six hours never counts as six. Of a corrected poll both versions are counted.
select checked_store.*
from (
    with pinned as (
        select
            accepted_order,
            business_hours_file_id,
            store_timezones_file_id
        from report.report
        where report_id = cast(:report_id as uuid)
    ),

    polled_store as (
        select
            poll.store_key,
            count(*) as polls,
            count(*) filter (where poll.polled_at > cast(:day_start as timestamptz)) as last_day_polls,
            min(poll.polled_at) as first_polled_at,
            max(poll.polled_at) as last_polled_at,
            bit_or(1::bigint << width_bucket(poll.polled_at, cast(:slot_starts as timestamptz[]))) as slots
        from core.poll
        where
            poll.polled_at > cast(:week_start as timestamptz)
            and poll.polled_at <= cast(:as_of as timestamptz)
            and poll.file_id not in (
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
            )
        group by poll.store_key
    ),

    log as (
        select
            max(last_polled_at) as last_polled_at,
            length(replace(trim(both '0' from bit_or(slots)::bit(57)::text), '1', '')) * 3 as silent_hours,
            sum(last_day_polls) as last_day_polls,
            sum(polls - last_day_polls) as earlier_polls,
            date_part('epoch', cast(:day_start as timestamptz) - min(first_polled_at)) / 86400 as earlier_days
        from polled_store
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
            polled_store.slots::bit(57)::text as slots,
            coalesce(polled_store.last_polled_at, earlier_poll.polled_at) as last_polled_at
        from core.store
        cross join pinned
        left join core.snapshot_store as hours_row
            on store.store_key = hours_row.store_key and pinned.business_hours_file_id = hours_row.file_id
        left join core.snapshot_store as zone_row
            on store.store_key = zone_row.store_key and pinned.store_timezones_file_id = zone_row.file_id
        left join core.store_timezone
            on store.store_key = store_timezone.store_key and pinned.store_timezones_file_id = store_timezone.file_id
        left join lateral (
            select business_hours.store_key
            from core.business_hours
            where
                business_hours.store_key = store.store_key
                and business_hours.file_id = pinned.business_hours_file_id
            group by business_hours.store_key
        ) as opening on store.store_key = opening.store_key
        left join polled_store on store.store_key = polled_store.store_key
        left join lateral (
            select
                poll.store_key,
                max(poll.polled_at) as polled_at
            from core.poll
            where
                polled_store.store_key is null
                and poll.store_key = store.store_key
                and poll.polled_at <= cast(:week_start as timestamptz)
                and poll.file_id in (
                    select acceptance.file_id
                    from core.acceptance
                    where acceptance.accepted_order <= pinned.accepted_order
                )
            group by poll.store_key
        ) as earlier_poll on store.store_key = earlier_poll.store_key
        where
            store.polled_from <= pinned.accepted_order
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
        gap.longest_gap_hours,
        date_part(
            'epoch',
            cast(:expected_at as timestamptz) - coalesce(log.last_polled_at, max(known_store.last_polled_at) over ())
        ) / 3600 as log_hours_since_newest_poll,
        coalesce(log.silent_hours, 168) as log_silent_hours,
        cast(
            case
                when log.earlier_days >= 1 then 100 * log.last_day_polls / (log.earlier_polls / log.earlier_days)
                else 100
            end as double precision
        ) as log_percent_of_usual_polls
    from known_store
    cross join log
    left join lateral (
        select max(length(stretch.zeros)) * 3 as longest_gap_hours
        from regexp_split_to_table(trim(both '0' from known_store.slots), '1+') as stretch (zeros)
    ) as gap on known_store.slots is not null
    order by known_store.store_id collate "C"
) as checked_store
