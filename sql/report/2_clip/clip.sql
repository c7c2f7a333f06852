-- When each store is open in the reported week, in UTC.
--
-- reads   report.store, report.zone_day, core.business_hours
-- writes  report.open_time, one row per store of the shard
-- binds   report_id, week_start, as_of, business_hours_file_id, shard, shards
--
-- Inside a zone segment local time = UTC + offset, so an opening maps to UTC by subtraction and is cut to the segment;
-- the union of the pieces counts overlaps once. Ends from 23:59 on mean the end of the day; an end not after the start
-- is on the next date.
--
-- Grouping inside the lateral subquery makes PostgreSQL go store by store along the keys, whatever the statistics are:
-- the tables were filled a second ago, and without it PostgreSQL could read all openings for each store.
insert into report.open_time (report_id, store_key, open_time)
select
    :report_id,
    store.store_key,
    case
        when store.has_business_hours then coalesce(opened.open_time, '{}')
        else tstzmultirange(tstzrange(:week_start, :as_of))
    end
from report.store
left join lateral (
    select
        opening.store_key,
        range_agg(
            tstzrange(
                date.midnight_at + opening.start_time_local::interval,
                date.midnight_at + case
                    when opening.end_time_local between interval '23:59' and interval '24 hours' then
                        interval '24 hours'
                    when opening.end_time_local > opening.start_time_local::interval then opening.end_time_local
                    else opening.end_time_local + interval '24 hours'
                end
            ) * date.utc_range
        ) as open_time
    from core.business_hours as opening
    inner join report.zone_day as date on opening.weekday = date.weekday
    where
        opening.file_id = :business_hours_file_id
        and opening.store_key = store.store_key
        and date.report_id = :report_id
        and date.timezone = store.timezone
    group by opening.store_key
) as opened on store.store_key = opened.store_key
where
    store.report_id = :report_id
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
