-- The polls of one store that a report uses: those in its week and the last one before it. Newest first.
--
-- reads   report.report, core.acceptance, core.poll
-- binds   report_id, store_key, poll_rows
--
-- A report uses files accepted up to its position. Of several polls at one instant the last one counts (see core.poll).
with visible_file as (
    select
        a.file_id,
        r.as_of
    from report.report as r
    inner join core.acceptance as a on r.accepted_order >= a.accepted_order
    where r.report_id = :report_id
),

bound as (
    select
        max(as_of) as as_of,
        max(as_of) - interval '168 hours' as week_start
    from visible_file
),

poll_before as (
    select
        p.polled_at,
        p.is_active
    from core.poll as p
    where
        p.store_key = :store_key
        and p.utc_day <= (select cast(bound.week_start at time zone 'UTC' as date) from bound)
        and p.polled_at < (select bound.week_start from bound)
        and p.file_id in (select visible_file.file_id from visible_file)
    order by p.utc_day desc, p.polled_at desc, p.file_id desc, p.row_no desc, p.position desc
    limit 1
),

poll_in_week as (
    select distinct on (p.polled_at)
        p.polled_at,
        p.is_active
    from core.poll as p
    where
        p.store_key = :store_key
        and p.utc_day between (select cast(bound.week_start at time zone 'UTC' as date) from bound)
        and (select cast(bound.as_of at time zone 'UTC' as date) from bound)
        and p.polled_at between (select bound.week_start from bound) and (select bound.as_of from bound)
        and p.file_id in (select visible_file.file_id from visible_file)
    order by p.polled_at asc, p.file_id desc, p.row_no desc, p.position desc
)

select
    polled_at,
    is_active,
    count(*) over () as all_polls
from (
    select * from poll_before
    union all
    select * from poll_in_week
) as poll
order by polled_at desc
limit :poll_rows
