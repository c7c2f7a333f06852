-- What Great Expectations checks once a report is pinned: how old its newest poll is.
--
-- reads   report.report, core.acceptance, core.file, core.poll_day
-- yields  one row, without a value if there are no polls
-- binds   report_id, as_of, expected_at (when the newest poll is due)
--
-- It becomes a temporary table, so it has to begin with `select`. Of files that end before as-of core.file has the
-- newest poll; if others go on after it, days are read, from that poll on (see find_newest_poll). Maintenance merges
-- the polls of several files into one row: if some of these were accepted after the pin, all its polls are looked at.
select date_part('epoch', cast(:expected_at as timestamptz) - newest.polled_at) / 3600 as log_hours_since_newest_poll
from (
    with visible_file as materialized (
        select
            file.file_id,
            file.last_polled_at
        from report.report
        inner join core.acceptance on report.accepted_order >= acceptance.accepted_order
        inner join core.file on acceptance.file_id = file.file_id
        where report.report_id = cast(:report_id as uuid) and file.kind = 'store_status'
    ),

    newest_whole as materialized (
        select
            max(last_polled_at) filter (where last_polled_at <= cast(:as_of as timestamptz)) as polled_at,
            max(last_polled_at) as newest_of_all
        from visible_file
    ),

    -- Only accepted files are merged.
    hidden_in_merged as materialized (
        select coalesce(array_agg(cast(file.file_id as integer)), '{}') as file_ids
        from core.file
        where
            file.kind = 'store_status'
            and file.state = 'accepted'
            and file.first_polled_at <= cast(:as_of as timestamptz)
            and file.file_id not in (select visible_file.file_id from visible_file)
    ),

    newest_within as (
        select max(poll.polled_at) as polled_at
        from newest_whole
        cross join hidden_in_merged
        inner join core.poll_day
            on
                poll_day.last_polled_at > coalesce(newest_whole.polled_at, '-infinity')
                and poll_day.utc_day >= cast(coalesce(newest_whole.polled_at, '-infinity') at time zone 'UTC' as date)
        -- The last poll of the row up to as-of, or all of them if some are hidden.
        cross join lateral unnest(
            case
                when poll_day.file_ids && hidden_in_merged.file_ids then poll_day.instants
                else array[poll_day.instants[width_bucket(cast(:as_of as timestamptz), poll_day.instants)]]
            end,
            case
                when poll_day.file_ids && hidden_in_merged.file_ids then poll_day.file_ids
                else array[poll_day.file_id]
            end
        ) as poll (polled_at, file_id)
        where
            newest_whole.newest_of_all > cast(:as_of as timestamptz)
            and poll_day.utc_day <= cast(cast(:as_of as timestamptz) at time zone 'UTC' as date)
            and poll_day.first_polled_at <= cast(:as_of as timestamptz)
            and poll.polled_at <= cast(:as_of as timestamptz)
            and poll.file_id in (select visible_file.file_id from visible_file)
    )

    select greatest(newest_whole.polled_at, newest_within.polled_at) as polled_at
    from newest_whole
    cross join newest_within
) as newest
