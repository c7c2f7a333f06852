-- A page of a report's stores in the order asked for.
--
-- reads   report.store_uptime, report.store
-- binds   report_id; pattern (of the id; null: any); period, percent_from (null: any), percent_to, no_percent (only
--         stores without a percentage); sort, missing (what a store without a value sorts as), is_descending;
--         is_rare; after_value, after_store_id (where the page before ended; null for the first), page_rows
--
-- The driver writes binds into the text, so the planner folds every case on them away and sees one plain sort: by
-- store_id a walk along store_uptime_by_store_id, by a figure one scan of the report that keeps no more than a page.
-- Where few stores are left of many (is_rare), that walk would be a long one: sort_id then hides the index.
-- percent_from and percent_to are half-open, but 100 includes all of the time.
with sorted as (
    select
        u.*,
        coalesce(
            case cast(:sort as text)
                when 'store_id' then 0
                when 'open_last_hour' then u.open_last_hour_us
                when 'open_last_day' then u.open_last_day_us
                when 'open_last_week' then u.open_last_week_us
                when 'uptime_last_hour' then u.uptime_last_hour_us
                when 'uptime_last_day' then u.uptime_last_day_us
                when 'uptime_last_week' then u.uptime_last_week_us
                when 'downtime_last_hour' then u.downtime_last_hour_us
                when 'downtime_last_day' then u.downtime_last_day_us
                when 'downtime_last_week' then u.downtime_last_week_us
                when 'unknown_last_hour' then u.unknown_last_hour_us
                when 'unknown_last_day' then u.unknown_last_day_us
                when 'unknown_last_week' then u.unknown_last_week_us
                when 'uptime_percent_last_hour' then
                    u.uptime_last_hour_us
                    / nullif(cast(u.uptime_last_hour_us + u.downtime_last_hour_us as double precision), 0)
                when 'uptime_percent_last_day' then
                    u.uptime_last_day_us
                    / nullif(cast(u.uptime_last_day_us + u.downtime_last_day_us as double precision), 0)
                when 'uptime_percent_last_week' then
                    u.uptime_last_week_us
                    / nullif(cast(u.uptime_last_week_us + u.downtime_last_week_us as double precision), 0)
            end,
            cast(:missing as double precision)
        ) as sort_value,
        case when :is_rare then u.store_id || '' else u.store_id end collate "C" as sort_id
    from report.store_uptime as u
    cross join lateral (
        select
            case cast(:period as text)
                when 'last_hour' then u.uptime_last_hour_us
                when 'last_day' then u.uptime_last_day_us
                else u.uptime_last_week_us
            end as up_us,
            case cast(:period as text)
                when 'last_hour' then u.downtime_last_hour_us
                when 'last_day' then u.downtime_last_day_us
                else u.downtime_last_week_us
            end as down_us
    ) as measured
    where
        u.report_id = :report_id
        and (cast(:pattern as text) is null or lower(u.store_id collate "C") like :pattern)
        and (not :no_percent or measured.up_us + measured.down_us = 0)
        and (
            cast(:percent_from as integer) is null
            or (
                measured.up_us + measured.down_us > 0
                and measured.up_us * 100 >= :percent_from * (measured.up_us + measured.down_us)
                and (:percent_to = 100 or measured.up_us * 100 < :percent_to * (measured.up_us + measured.down_us))
            )
        )
        and case
            when cast(:after_store_id as text) is null or cast(:sort as text) <> 'store_id' then true
            when :is_descending then u.store_id collate "C" < :after_store_id
            else u.store_id collate "C" > :after_store_id
        end
),

page as (
    select *
    from sorted
    where
        case
            when cast(:after_store_id as text) is null then true
            when :is_descending then
                (sort_value, sort_id) < (cast(:after_value as double precision), :after_store_id)
            else (sort_value, sort_id) > (cast(:after_value as double precision), :after_store_id)
        end
    order by
        case when not :is_descending then sort_value end asc,
        case when :is_descending then sort_value end desc,
        case when not :is_descending then sort_id end asc,
        case when :is_descending then sort_id end desc
    limit :page_rows
)

select
    page.*,
    s.timezone,
    s.has_timezone,
    s.has_business_hours
from page
inner join report.store as s on page.report_id = s.report_id and page.store_key = s.store_key
order by
    case when not :is_descending then page.sort_value end asc,
    case when :is_descending then page.sort_value end desc,
    case when not :is_descending then page.sort_id end asc,
    case when :is_descending then page.sort_id end desc
