-- The sums of each store's outages, by period.
--
-- reads   history.outage, history.outage_day
-- yields  one row or more for each store and period: whole numbers, none of them null
-- binds   edges (period n is the dates from the nth on, up to the next one), store_keys (null: all; else theirs)
--
-- An outage is whole within one period, most often; only of others the dates are read. It counts in the period in which
-- it started, and as repaired in that in which it ended: an earlier one, maybe, where a clock goes back over midnight.
-- Rows are put together in history/figures.py.
copy (
    with outage_span as materialized (
        select
            store_key,
            width_bucket(started_on, cast(%(edges)s as date[])) as first_period_no,
            width_bucket(ended_on, cast(%(edges)s as date[])) as last_period_no,
            count(*) as outages,
            count(*) filter (where ended_by = 'up') as repaired_outages,
            cast(coalesce(sum(downtime_us) filter (where ended_by = 'up'), 0) as bigint) as repaired_us,
            max(downtime_us) as longest_us
        from history.outage
        where
            greatest(started_on, ended_on) >= (cast(%(edges)s as date[]))[1]
            and least(started_on, ended_on) < (cast(%(edges)s as date[]))[cardinality(cast(%(edges)s as date[]))]
            and (cast(%(store_keys)s as bigint[]) is null or store_key = any(%(store_keys)s))
        group by store_key, first_period_no, last_period_no
    ),

    clipped_outage as (
        select
            outage.store_key,
            outage.started_at,
            width_bucket(outage_day.local_date, cast(%(edges)s as date[])) as period_no,
            cast(sum(outage_day.downtime_us) as bigint) as downtime_us
        from history.outage
        inner join history.outage_day
            on outage.store_key = outage_day.store_key and outage.started_at = outage_day.started_at
        where
            outage.started_on <> outage.ended_on
            and width_bucket(outage.started_on, cast(%(edges)s as date[]))
            <> width_bucket(outage.ended_on, cast(%(edges)s as date[]))
            and outage_day.local_date >= (cast(%(edges)s as date[]))[1]
            and outage_day.local_date < (cast(%(edges)s as date[]))[cardinality(cast(%(edges)s as date[]))]
            and (cast(%(store_keys)s as bigint[]) is null or outage.store_key = any(%(store_keys)s))
        group by outage.store_key, outage.started_at, period_no
    )

    select
        store_key,
        cast(first_period_no as bigint) as period_no,
        outages,
        case when first_period_no = last_period_no then longest_us else 0 end as longest_outage_us,
        case when first_period_no = last_period_no then repaired_outages else 0 end as repaired_outages,
        case when first_period_no = last_period_no then repaired_us else 0 end as repaired_us
    from outage_span
    union all
    select
        store_key,
        cast(last_period_no as bigint),
        0,
        0,
        repaired_outages,
        repaired_us
    from outage_span
    where first_period_no <> last_period_no
    union all
    select
        store_key,
        cast(period_no as bigint),
        0,
        downtime_us,
        0,
        0
    from clipped_outage
) to stdout (format "binary")
