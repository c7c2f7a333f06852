-- A page of a report's stores in the requested order: a row for each store and period.
--
-- reads   report.store_period, report.store
-- binds   report_id; pattern (of the id; null: any); timezone (null: any); period, percent_from (null: any),
--         percent_to, no_percent (only stores without a percentage in that period); sort_measure (or store_id),
--         sort_period, missing (the value of a store that has none), is_descending; is_rare; after_value,
--         after_store_id (where the previous page ended; null for the first), page_rows
--
-- The driver writes binds into the text, so the planner folds every case on them away and sees one plain sort: by
-- store_id a walk along store_uptime_by_store_id, by a measure one scan of the report that keeps no more than a page.
-- Where few stores are left of many (is_rare), that walk would be a long one: sort_id then hides the index.
-- percent_from and percent_to are half-open, but 100 includes all of the time.
with sorted as (
    select
        p.report_id,
        p.store_key,
        coalesce(
            case cast(:sort_measure as text)
                when 'store_id' then 0
                when 'open' then p.open_us
                when 'uptime' then p.uptime_us
                when 'downtime' then p.downtime_us
                when 'unknown' then p.unknown_us
                when 'uptime_percent' then
                    p.uptime_us / nullif(cast(p.uptime_us + p.downtime_us as double precision), 0)
            end,
            cast(:missing as double precision)
        ) as sort_value,
        case when :is_rare then p.store_id || '' else p.store_id end collate "C" as sort_id
    from report.store_period as p
    where
        p.report_id = :report_id
        and p.period = :sort_period
        and (cast(:pattern as text) is null or lower(p.store_id collate "C") like :pattern)
        and (
            cast(:timezone as text) is null
            or exists (
                select
                from report.store as z
                where z.report_id = p.report_id and z.store_key = p.store_key and z.timezone = :timezone
            )
        )
        and (
            (cast(:percent_from as numeric) is null and not :no_percent)
            or exists (
                select
                from report.store_period as f
                where
                    f.report_id = :report_id
                    and f.store_key = p.store_key
                    and f.period = :period
                    and (not :no_percent or f.uptime_us + f.downtime_us = 0)
                    and (
                        cast(:percent_from as numeric) is null
                        or (
                            f.uptime_us + f.downtime_us > 0
                            and f.uptime_us * 100 >= :percent_from * (f.uptime_us + f.downtime_us)
                            and (
                                :percent_to = 100
                                or f.uptime_us * 100 < :percent_to * (f.uptime_us + f.downtime_us)
                            )
                        )
                    )
            )
        )
        and case
            when cast(:after_store_id as text) is null or cast(:sort_measure as text) <> 'store_id' then true
            when :is_descending then p.store_id collate "C" < :after_store_id
            else p.store_id collate "C" > :after_store_id
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
    page.sort_value,
    s.store_id,
    s.timezone,
    s.has_timezone,
    s.has_business_hours,
    p.period,
    p.open_us,
    p.uptime_us,
    p.downtime_us,
    p.unknown_us
from page
inner join report.store as s on page.report_id = s.report_id and page.store_key = s.store_key
inner join report.store_period as p on page.report_id = p.report_id and page.store_key = p.store_key
order by
    case when not :is_descending then page.sort_value end asc,
    case when :is_descending then page.sort_value end desc,
    case when not :is_descending then page.sort_id end asc,
    case when :is_descending then page.sort_id end desc,
    p.period asc
