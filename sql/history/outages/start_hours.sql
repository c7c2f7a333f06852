-- How many outages that meet dates start in each hour of the week, on their store's clock.
--
-- reads   history.outage, history.day, history.store
-- yields  one row for each hour in which any starts: weekday (0 = Monday), hour, and of the outages their number, how
--         many are ongoing, and their downtime, whole
-- binds   from_date, until_date, store_keys, is_running, longer_than_us, clocks, utc_from, utc_to, utc_offsets: as of
--         list.sql, whose rows these are
with segment as materialized (
    select
        clock,
        utc_from,
        utc_to,
        make_interval(secs => utc_offset_seconds) as utc_offset
    from unnest(
        cast(:clocks as text[]),
        cast(:utc_from as timestamptz[]),
        cast(:utc_to as timestamptz[]),
        cast(:utc_offsets as double precision[])
    ) as given (clock, utc_from, utc_to, utc_offset_seconds)
),

started as (
    select
        outage.started_at at time zone 'UTC' + segment.utc_offset as local_start,
        outage.downtime_us,
        outage.ended_by
    from history.outage
    inner join history.store on outage.store_key = store.store_key
    inner join segment
        on
            store.clock = segment.clock
            and outage.started_at >= segment.utc_from
            and outage.started_at < segment.utc_to
    where
        (cast(:store_keys as bigint[]) is null or outage.store_key = any(:store_keys))
        and outage.started_on <= cast(:until_date as date) + 3
        and outage.ended_on >= cast(:from_date as date) - 3
        and (
            outage.started_on between :from_date and :until_date
            or exists (
                select
                from history.day
                where
                    day.store_key = outage.store_key
                    and day.local_date between :from_date and :until_date
                    and day.utc_range && tstzrange(outage.started_at, outage.ended_at)
            )
        )
        and (not :is_running or outage.ended_by is null)
        and outage.downtime_us > cast(:longer_than_us as bigint)
)

select
    cast(extract(isodow from local_start) - 1 as integer) as weekday,
    cast(extract(hour from local_start) as integer) as hour,
    count(*) as outages,
    count(*) filter (where ended_by is null) as ongoing,
    sum(downtime_us) as downtime_us
from started
group by weekday, hour
order by weekday, hour
