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
-- No union of what a store can be asked by, which Citus would send over the coordinator: the scopes are an array.
with local_day as materialized (
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
    end + changed.openings + coalesce(changed.other_openings, '{}')
from (
    select
        special_store.store_key,
        open_store.has_business_hours,
        special_store.special_dates,
        special_store.openings,
        range_agg(
            tstzrange(
                other_day.midnight_at + opening.start_time_local::interval,
                other_day.midnight_at + case
                    when opening.end_time_local between interval '23:59' and interval '24 hours' then
                        interval '24 hours'
                    when opening.end_time_local > opening.start_time_local::interval then opening.end_time_local
                    else opening.end_time_local + interval '24 hours'
                end
            ) * other_day.utc_range
        ) filter (where opening.store_key is not null and other_day.local_date <> all(special_store.local_dates))
            as other_openings
    from (
        select
            special_row.store_key,
            array_agg(distinct special_row.local_date) as local_dates,
            range_agg(
                tstzrange(local_day.midnight_at, local_day.midnight_at + interval '24 hours') * local_day.utc_range
            ) as special_dates,
            coalesce(
                range_agg(
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
                ) filter (where special_row.start_time_local is not null),
                '{}'
            ) as openings
        from (
            select
                levelled.store_key,
                levelled.timezone,
                levelled.local_date,
                levelled.start_time_local,
                levelled.end_time_local
            from (
                select
                    store.store_key,
                    store.timezone,
                    special.local_date,
                    special.start_time_local,
                    special.end_time_local,
                    special.level,
                    min(special.level) over (partition by store.store_key, special.local_date) as best_level
                from report.store
                left join (
                    select
                        store_id,
                        array_agg(kind) as kinds,
                        array_agg(name) as names
                    from core.group_member
                    where file_id = cast(:store_groups_file_id as integer)
                    group by store_id
                ) as grouped on store.store_id = grouped.store_id
                cross join lateral unnest(
                    array['store', 'all', 'timezone'] || grouped.kinds,
                    array[store.store_id, 'all', store.timezone] || grouped.names
                ) as scope (kind, name)
                inner join (
                    select
                        local_date,
                        start_time_local,
                        end_time_local,
                        case when store_id is not null then 'store' else coalesce(group_kind, 'all') end as kind,
                        coalesce(store_id, group_name, 'all') as name,
                        case when store_id is not null then 1 when group_kind is not null then 2 else 3 end as level
                    from core.special_hours
                    where
                        file_id = :special_hours_file_id
                        and local_date >= cast(:week_start as timestamptz) at time zone 'UTC' - interval '3 days'
                        and local_date <= cast(:as_of as timestamptz) at time zone 'UTC' + interval '2 days'
                ) as special on scope.kind = special.kind and scope.name = special.name
                where
                    store.report_id = :report_id
                    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
            ) as levelled
            where levelled.level = levelled.best_level
        ) as special_row
        inner join local_day
            on special_row.timezone = local_day.timezone and special_row.local_date = local_day.local_date
        group by special_row.store_key
    ) as special_store
    inner join report.store as open_store
        on special_store.store_key = open_store.store_key and open_store.report_id = :report_id
    left join core.business_hours as opening
        on
            open_store.store_key = opening.store_key
            and opening.file_id = coalesce(cast(:business_hours_file_id as integer), 0)
    left join local_day as other_day
        on open_store.timezone = other_day.timezone and opening.weekday = other_day.weekday
    group by
        special_store.store_key, open_store.has_business_hours, special_store.special_dates, special_store.openings
) as changed
where open_time.report_id = :report_id and open_time.store_key = changed.store_key
