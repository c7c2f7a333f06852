-- When each store is open in the reported week, in UTC.
--
-- reads   report.report, report.store, report.zone_day, core.business_hours
-- writes  report.open_time, one row per store of the shard
-- binds   report_id, shard
--
-- Inside a zone segment wall clock = UTC + offset, so an opening maps to UTC by subtraction and is cut to the segment;
-- the union of the pieces counts overlaps once. Ends from 23:59 on mean the end of the day; an end not after the start
-- is on the next date.
--
-- Store by store along the keys (`offset 0` keeps the openings outermost): no statistics of tables that were filled a
-- second ago are needed for a good plan.
insert into report.open_time (report_id, store_key, open_time)
select
    report.report_id,
    store.store_key,
    case
        when store.has_business_hours then coalesce(united.open_time, '{}')
        else tstzmultirange(tstzrange(report.as_of - interval '168 hours', report.as_of))
    end
from report.report
inner join report.store using (report_id)
cross join lateral (
    select
        range_agg(
            tstzrange(zone_day.midnight_at + opening.start_time, zone_day.midnight_at + opening.end_time)
            * zone_day.utc_range
        ) as open_time
    from (
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
            business_hours.store_key = store.store_key
            and business_hours.file_id = report.business_hours_file_id
        offset 0
    ) as opening
    inner join report.zone_day
        on
            zone_day.report_id = :report_id
            and zone_day.timezone = store.timezone
            and opening.weekday = zone_day.weekday
) as united
where
    report.report_id = :report_id
    and (store.store_key % report.shards + report.shards) % report.shards = :shard
