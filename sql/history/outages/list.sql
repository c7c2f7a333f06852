-- The outages that meet dates on their store's calendar, whole, in the requested order.
--
-- reads   history.outage, history.day, history.store, core.store
-- yields  one row for each outage
-- binds   from_date, until_date, store_keys (null: of all stores), is_running (only those that are ongoing),
--         longer_than_us (only those with more downtime), weekday (0 = Monday) and hour (null: any; of the local
--         start); clocks, utc_from, utc_to, utc_offsets (seconds): the segments of all clocks (empty unless a weekday
--         or an hour is asked for); sort (store_id, started_at, downtime or elapsed), is_descending, after_value,
--         after_store_id and after_started_at (null: from the first on), rows (null: all)
--
-- An outage is [started_at, ended_at): one that ends at 00:00 does not meet the date that begins then. Where a clock
-- goes back over midnight, or to another zone, dates are not in the order of their instants: the days decide, and
-- started_on and ended_on only say which outages are worth a look.
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

-- In two parts, since most start within the dates: nothing else is asked of those.
met as (
    select outage.*
    from history.outage
    where outage.started_on between :from_date and :until_date
    union all
    select outage.*
    from history.outage
    where
        outage.started_on not between :from_date and :until_date
        and outage.started_on <= cast(:until_date as date) + 3
        and outage.ended_on >= cast(:from_date as date) - 3
        and exists (
            select
            from history.day
            where
                day.store_key = outage.store_key
                and day.local_date between :from_date and :until_date
                and day.utc_range && tstzrange(outage.started_at, outage.ended_at)
        )
),

sorted as (
    select
        store.store_id,
        outage.started_at,
        outage.ended_at,
        outage.downtime_us,
        cast(extract(epoch from outage.ended_at - outage.started_at) * 1000000 as bigint) as elapsed_us,
        outage.ended_by,
        outage.started_after,
        outage.ended_before,
        case cast(:sort as text)
            when 'store_id' then 0
            when 'started_at' then cast(extract(epoch from outage.started_at) * 1000000 as bigint)
            when 'downtime' then outage.downtime_us
            when 'elapsed' then
                cast(extract(epoch from outage.ended_at - outage.started_at) * 1000000 as bigint)
        end as sort_value
    from met as outage
    inner join core.store on outage.store_key = store.store_key
    where
        (cast(:store_keys as bigint[]) is null or outage.store_key = any(:store_keys))
        and (not :is_running or outage.ended_by is null)
        and outage.downtime_us > cast(:longer_than_us as bigint)
        and (
            (cast(:weekday as integer) is null and cast(:hour as integer) is null)
            or exists (
                select
                from history.store as clocked
                inner join segment
                    on
                        clocked.clock = segment.clock
                        and outage.started_at >= segment.utc_from
                        and outage.started_at < segment.utc_to
                where
                    clocked.store_key = outage.store_key
                    and (
                        cast(:weekday as integer) is null
                        or extract(isodow from outage.started_at at time zone 'UTC' + segment.utc_offset) - 1 = :weekday
                    )
                    and (
                        cast(:hour as integer) is null
                        or extract(hour from outage.started_at at time zone 'UTC' + segment.utc_offset) = :hour
                    )
            )
        )
)

select
    store_id,
    started_at,
    ended_at,
    downtime_us,
    elapsed_us,
    ended_by,
    started_after,
    ended_before
from sorted
where
    case
        when cast(:after_store_id as text) is null then true
        when :is_descending then
            (sort_value, store_id collate "C", started_at)
            < (cast(:after_value as bigint), :after_store_id, cast(:after_started_at as timestamptz))
        else
            (sort_value, store_id collate "C", started_at)
            > (cast(:after_value as bigint), :after_store_id, cast(:after_started_at as timestamptz))
    end
order by
    case when not :is_descending then sort_value end asc,
    case when :is_descending then sort_value end desc,
    case when not :is_descending then store_id end collate "C" asc,
    case when :is_descending then store_id end collate "C" desc,
    case when not :is_descending then started_at end asc,
    case when :is_descending then started_at end desc
limit :rows
