-- The newest poll that a report may look back from, up to as_of_limit if it has one; null if there is none.
--
-- reads   report.report, core.acceptance, core.file, core.poll_day
-- binds   report_id
--
-- Of files that end before the limit core.file has the newest poll; only the days of later ones are read. The newest of
-- a row is the last of those up to the limit: width_bucket counts them.
with visible_file as (
    select
        file.file_id,
        file.last_polled_at
    from core.acceptance
    inner join core.file using (file_id)
    where file.kind = 'store_status' and file.last_polled_at is not null
),

newest_whole as (
    select
        max(visible_file.last_polled_at) filter (
            where report.as_of_limit is null or visible_file.last_polled_at <= report.as_of_limit
        ) as polled_at,
        max(visible_file.last_polled_at) as newest_of_all
    from visible_file
    inner join report.report on report.report_id = :report_id
),

newest_within as (
    select max(poll_day.instants[width_bucket(report.as_of_limit, poll_day.instants)]) as polled_at
    from report.report
    cross join newest_whole
    inner join core.poll_day
        on
            poll_day.first_polled_at <= report.as_of_limit
            and poll_day.utc_day <= cast(report.as_of_limit at time zone 'UTC' as date)
            and poll_day.last_polled_at > coalesce(newest_whole.polled_at, '-infinity')
            and poll_day.utc_day >= cast(coalesce(newest_whole.polled_at, '-infinity') at time zone 'UTC' as date)
    inner join visible_file on poll_day.file_id = visible_file.file_id
    where
        report.report_id = :report_id
        and report.as_of_requested is null
        and newest_whole.newest_of_all > report.as_of_limit
)

select greatest(newest_whole.polled_at, newest_within.polled_at) as polled_at
from newest_whole
cross join newest_within
