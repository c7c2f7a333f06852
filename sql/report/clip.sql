-- When each store is open in the reported week, in UTC.
--
-- reads   report.store, report.zone_day, core.business_hours
-- writes  report.open_time, one row per store of the shard
-- binds   report_id, week_start, as_of, business_hours_file_id, shard, shards
--
-- Inside a zone segment wall clock = UTC + offset, so an opening maps to UTC by subtraction and is cut to the segment;
-- the union of the pieces counts overlaps once. Ends from 23:59 on mean the end of the day; an end not after the start
-- is on the next date.
--
-- `offset 0` makes PostgreSQL go store by store along the keys: the tables were filled a second ago and have no
-- statistics yet, which could make it go over all of them for each store.
insert into report.open_time (report_id, store_key, open_time)
select
    :report_id,
    store.store_key,
    case
        when store.has_business_hours
            then coalesce(
                range_agg(
                    tstzrange(date.midnight_at + opening.start_time, date.midnight_at + opening.end_time)
                    * date.utc_range
                ) filter (where date.utc_range is not null),
                '{}'
            )
        else tstzmultirange(tstzrange(:week_start, :as_of))
    end
from report.store
left join lateral (
    select
        business_hours.weekday,
        business_hours.start_time_local::interval as start_time,
        case
            when business_hours.end_time_local >= time '23:59' then interval '24 hours'
            when business_hours.end_time_local > business_hours.start_time_local
                then business_hours.end_time_local::interval
            else business_hours.end_time_local::interval + interval '24 hours'
        end as end_time
    from core.business_hours
    where
        business_hours.file_id = :business_hours_file_id
        and business_hours.store_key = store.store_key
    offset 0
) as opening on true
left join lateral (
    select
        zone_day.midnight_at,
        zone_day.utc_range
    from report.zone_day
    where
        zone_day.report_id = :report_id
        and zone_day.timezone = store.timezone
        and zone_day.weekday = opening.weekday
    offset 0
) as date on true
where
    store.report_id = :report_id
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
group by store.store_key, store.has_business_hours
