-- Opens stores as special hours say on their dates, in place of the openings of the week that start on them. What began
-- the evening before and reaches into a date stays.
--
-- reads   report.store, report.zone_day, report.zone_segment, core.special_hours, core.group_member,
--         core.business_hours
-- writes  report.open_time.open_time, of stores with special hours in the reported week
-- binds   report_id, week_start, as_of, special_hours_file_id, store_groups_file_id, business_hours_file_id, shard,
--         shards
--
-- Of the rows for a store and date those of the best level count, all of them together: the store's own, then those of
-- its groups (its zone is one), then those for all stores. Without times they say that it is closed, and nothing beside
-- rows with times. A store without weekly hours is open all the time but for these dates.
--
-- All sides of the unions have stores in them, which keeps a store's rows on one node of Citus.
with near_row as materialized (
    select *
    from core.special_hours
    where
        file_id = :special_hours_file_id
        and local_date >= cast(:week_start as timestamptz) at time zone 'UTC' - interval '3 days'
        and local_date <= cast(:as_of as timestamptz) at time zone 'UTC' + interval '2 days'
),

row_for_all as materialized (
    select *
    from near_row
    where store_id is null and group_kind is null
),

special_row as materialized (
    select
        levelled.store_key,
        levelled.timezone,
        levelled.local_date,
        levelled.start_time_local,
        levelled.end_time_local
    from (
        select
            applied.*,
            min(applied.level) over (partition by applied.store_key, applied.local_date) as best_level
        from (
            select
                store.store_key,
                store.timezone,
                1 as level,
                near_row.local_date,
                near_row.start_time_local,
                near_row.end_time_local
            from report.store
            inner join near_row on store.store_id = near_row.store_id
            where
                store.report_id = :report_id
                and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
            union all
            select
                store.store_key,
                store.timezone,
                2,
                near_row.local_date,
                near_row.start_time_local,
                near_row.end_time_local
            from report.store
            inner join core.group_member on store.store_id = group_member.store_id
            inner join near_row
                on group_member.kind = near_row.group_kind and group_member.name = near_row.group_name
            where
                store.report_id = :report_id
                and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
                and group_member.file_id = cast(:store_groups_file_id as integer)
            union all
            select
                store.store_key,
                store.timezone,
                2,
                near_row.local_date,
                near_row.start_time_local,
                near_row.end_time_local
            from report.store
            inner join near_row on store.timezone = near_row.group_name
            where
                store.report_id = :report_id
                and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
                and near_row.group_kind = 'timezone'
            union all
            select
                store.store_key,
                store.timezone,
                3,
                row_for_all.local_date,
                row_for_all.start_time_local,
                row_for_all.end_time_local
            from report.store
            cross join row_for_all
            where
                store.report_id = :report_id
                and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
        ) as applied
    ) as levelled
    where levelled.level = levelled.best_level
),

special_date as materialized (
    select
        store_key,
        timezone,
        local_date
    from special_row
    group by store_key, timezone, local_date
),

local_day as materialized (
    select
        zone_day.timezone,
        zone_day.weekday,
        zone_day.midnight_at,
        zone_day.utc_range,
        cast(zone_day.midnight_at at time zone 'UTC' + zone_segment.utc_offset as date) as local_date
    from report.zone_day
    inner join report.zone_segment
        on
            zone_day.report_id = zone_segment.report_id
            and zone_day.timezone = zone_segment.timezone
            and zone_day.utc_range = zone_segment.utc_range
    where zone_day.report_id = :report_id
)

update report.open_time
set
    open_time = case
        when changed.has_business_hours then '{}'
        else tstzmultirange(tstzrange(:week_start, :as_of)) - changed.special_dates
    end + changed.openings
from (
    select
        piece.store_key,
        piece.has_business_hours,
        range_agg(piece.utc_range) filter (where not piece.is_opening) as special_dates,
        coalesce(range_agg(piece.utc_range) filter (where piece.is_opening), '{}') as openings
    from (
        select
            store.store_key,
            store.has_business_hours,
            false as is_opening,
            tstzrange(local_day.midnight_at, local_day.midnight_at + interval '24 hours') * local_day.utc_range
                as utc_range
        from report.store
        inner join special_date on store.store_key = special_date.store_key
        inner join local_day
            on special_date.timezone = local_day.timezone and special_date.local_date = local_day.local_date
        where store.report_id = :report_id
        union all
        select
            store.store_key,
            store.has_business_hours,
            true,
            tstzrange(
                local_day.midnight_at + special_row.start_time_local::interval,
                local_day.midnight_at + case
                    when special_row.end_time_local between interval '23:59' and interval '24 hours' then
                        interval '24 hours'
                    when special_row.end_time_local > special_row.start_time_local::interval then
                        special_row.end_time_local
                    else special_row.end_time_local + interval '24 hours'
                end
            ) * local_day.utc_range
        from report.store
        inner join special_row on store.store_key = special_row.store_key
        inner join local_day
            on special_row.timezone = local_day.timezone and special_row.local_date = local_day.local_date
        where store.report_id = :report_id and special_row.start_time_local is not null
        union all
        select
            store.store_key,
            store.has_business_hours,
            true,
            tstzrange(
                local_day.midnight_at + opening.start_time_local::interval,
                local_day.midnight_at + case
                    when opening.end_time_local between interval '23:59' and interval '24 hours' then
                        interval '24 hours'
                    when opening.end_time_local > opening.start_time_local::interval then opening.end_time_local
                    else opening.end_time_local + interval '24 hours'
                end
            ) * local_day.utc_range
        from report.store
        inner join core.business_hours as opening
            on store.store_key = opening.store_key and opening.file_id = :business_hours_file_id
        inner join (select special_date.store_key from special_date group by special_date.store_key) as special_store
            on store.store_key = special_store.store_key
        inner join local_day on store.timezone = local_day.timezone and opening.weekday = local_day.weekday
        left join special_date as that_date
            on store.store_key = that_date.store_key and local_day.local_date = that_date.local_date
        where store.report_id = :report_id and that_date.store_key is null
    ) as piece
    group by piece.store_key, piece.has_business_hours
    having bool_or(not piece.is_opening)
) as changed
where open_time.report_id = :report_id and open_time.store_key = changed.store_key
