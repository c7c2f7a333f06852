-- The sums of each store and period: over its days, and over its outages.
--
-- reads   history.day, history.outage, history.outage_day, history.store_group, history.store_target
-- yields  one row for each store and period in which it has a day: whole numbers, none of them null
-- binds   edges (period n is the dates from the nth on, up to the next one), cuts (edges, and all dates between
--         them on which some target changes), kind, name (of the stores to look at: all, all for all of them),
--         store_keys (null: all; else theirs)
--
-- Days are summed up from cut to cut, within which a store's target is the same, so that no day is asked for its
-- target. What a budget rests on has a factor of 100,000, so that it is a whole number: targets have three decimals. A
-- bigint may be too small for it: it is told in billions, and what is left. Without a target the greatest one is -1,
-- and the least one the largest bigint. Dates to come are not in here (days_to_come.sql). An outage is whole within one
-- period, most often; only of others the dates are read.
--
-- Stores are put together in history/figures.py. The sums of one are no more than bigint holds; they go in binary
-- format, as reading many numbers as text takes longer than adding them up.
copy (
    with day_sum as (
        select
            store_key,
            width_bucket(local_date, cast(%(cuts)s as date[])) as cut_no,
            max(local_date) as last_date,
            max(local_date) filter (where is_final) as last_final_date,
            count(*) as days,
            cast(sum(open_us) as bigint) as open_us,
            cast(sum(planned_us) as bigint) as planned_us,
            cast(sum(up_us) as bigint) as up_us,
            cast(sum(down_us) as bigint) as down_us,
            cast(sum(unknown_us) as bigint) as unknown_us,
            cast(sum(opened_late_us) as bigint) as opened_late_us,
            cast(sum(closed_early_us) as bigint) as closed_early_us,
            cast(sum(missed_openings) as bigint) as missed_openings
        from history.day
        where
            local_date >= (cast(%(edges)s as date[]))[1]
            and local_date < (cast(%(edges)s as date[]))[cardinality(cast(%(edges)s as date[]))]
            and (cast(%(store_keys)s as bigint[]) is null or store_key = any(%(store_keys)s))
        group by store_key, cut_no
    ),

    promised_sum as (
        select
            day_sum.*,
            width_bucket((cast(%(cuts)s as date[]))[day_sum.cut_no], cast(%(edges)s as date[])) as period_no,
            store_target.target_thousandths[
                width_bucket((cast(%(cuts)s as date[]))[day_sum.cut_no], store_target.valid_from)
            ] as target_thousandths,
            store_target.store_key is not null as has_target
        from day_sum
        inner join history.store_group as chosen
            on day_sum.store_key = chosen.store_key and chosen.kind = %(kind)s and chosen.name = %(name)s
        left join history.store_target on day_sum.store_key = store_target.store_key
    ),

    store_period as (
        select
            store_key,
            period_no,
            max(last_date) as last_date,
            coalesce(max(last_final_date) = (cast(%(edges)s as date[]))[period_no + 1] - 1, false) as is_final,
            bool_or(has_target) as has_target,
            cast(sum(days) as bigint) as days,
            cast(sum(open_us) as bigint) as open_us,
            cast(sum(planned_us) as bigint) as planned_us,
            cast(sum(up_us) as bigint) as up_us,
            cast(sum(down_us) as bigint) as down_us,
            cast(sum(unknown_us) as bigint) as unknown_us,
            cast(sum(opened_late_us) as bigint) as opened_late_us,
            cast(sum(closed_early_us) as bigint) as closed_early_us,
            cast(sum(missed_openings) as bigint) as missed_openings,
            min(target_thousandths) as least_target,
            max(target_thousandths) as greatest_target,
            sum(days) filter (where target_thousandths is not null) as days_with_target,
            sum(open_us) filter (where target_thousandths is not null) as promised_open_us,
            sum(down_us) filter (where target_thousandths is not null) as promised_down_us,
            sum(unknown_us) filter (where target_thousandths is not null) as promised_unknown_us,
            sum(cast(open_us as numeric) * (100000 - target_thousandths)) as budget_100000
        from promised_sum
        group by store_key, period_no
    ),

    outage_span as materialized (
        select
            store_key,
            width_bucket(started_on, cast(%(edges)s as date[])) as first_period_no,
            width_bucket(ended_on, cast(%(edges)s as date[])) as last_period_no,
            count(*) as outages,
            count(*) filter (where ended_by = 'up') as repaired_outages,
            sum(downtime_us) filter (where ended_by = 'up') as repaired_us,
            max(downtime_us) as longest_us
        from history.outage
        where
            ended_on >= (cast(%(edges)s as date[]))[1]
            and started_on < (cast(%(edges)s as date[]))[cardinality(cast(%(edges)s as date[]))]
            and (cast(%(store_keys)s as bigint[]) is null or store_key = any(%(store_keys)s))
        group by store_key, first_period_no, last_period_no
    ),

    clipped_outage as (
        select
            outage.store_key,
            outage.started_at,
            width_bucket(outage_day.local_date, cast(%(edges)s as date[])) as period_no,
            sum(outage_day.downtime_us) as downtime_us
        from history.outage
        inner join history.outage_day
            on outage.store_key = outage_day.store_key and outage.started_at = outage_day.started_at
        where
            width_bucket(outage.started_on, cast(%(edges)s as date[]))
            <> width_bucket(outage.ended_on, cast(%(edges)s as date[]))
            and outage.ended_on >= (cast(%(edges)s as date[]))[1]
            and outage.started_on < (cast(%(edges)s as date[]))[cardinality(cast(%(edges)s as date[]))]
            and outage_day.local_date >= (cast(%(edges)s as date[]))[1]
            and outage_day.local_date < (cast(%(edges)s as date[]))[cardinality(cast(%(edges)s as date[]))]
            and (cast(%(store_keys)s as bigint[]) is null or outage.store_key = any(%(store_keys)s))
        group by outage.store_key, outage.started_at, period_no
    ),

    outage_period as (
        select
            store_key,
            period_no,
            sum(outages) as outages,
            sum(repaired_outages) as repaired_outages,
            sum(repaired_us) as repaired_us,
            max(longest_us) as longest_us
        from (
            select
                store_key,
                first_period_no as period_no,
                outages,
                0 as repaired_outages,
                0 as repaired_us,
                case when first_period_no = last_period_no then longest_us end as longest_us
            from outage_span
            union all
            select
                store_key,
                last_period_no,
                0,
                repaired_outages,
                repaired_us,
                null
            from outage_span
            union all
            select
                store_key,
                period_no,
                0,
                0,
                0,
                downtime_us
            from clipped_outage
        ) as part
        group by store_key, period_no
    )

    select
        store_period.store_key,
        cast(store_period.period_no as bigint) as period_no,
        cast(cast(store_period.is_final as integer) as bigint) as is_final,
        cast(cast(store_period.has_target as integer) as bigint) as has_target,
        cast(store_period.last_date - date '1970-01-01' as bigint) as last_date,
        store_period.days,
        store_period.open_us,
        store_period.planned_us,
        store_period.up_us,
        store_period.down_us,
        store_period.unknown_us,
        store_period.opened_late_us,
        store_period.closed_early_us,
        store_period.missed_openings,
        cast(coalesce(outage_period.outages, 0) as bigint) as outages,
        cast(coalesce(outage_period.longest_us, 0) as bigint) as longest_outage_us,
        cast(coalesce(outage_period.repaired_outages, 0) as bigint) as repaired_outages,
        cast(coalesce(outage_period.repaired_us, 0) as bigint) as repaired_us,
        coalesce(store_period.least_target, 9223372036854775807) as least_target,
        cast(coalesce(store_period.greatest_target, -1) as bigint) as greatest_target,
        cast(coalesce(store_period.days_with_target, 0) as bigint) as days_with_target,
        cast(coalesce(store_period.promised_open_us, 0) as bigint) as promised_open_us,
        cast(coalesce(store_period.promised_down_us, 0) as bigint) as promised_down_us,
        cast(coalesce(store_period.promised_unknown_us, 0) as bigint) as promised_unknown_us,
        cast(coalesce(div(store_period.budget_100000, 1000000000), 0) as bigint) as budget_billions,
        cast(coalesce(mod(store_period.budget_100000, 1000000000), 0) as bigint) as budget_rest
    from store_period
    left join outage_period
        on store_period.store_key = outage_period.store_key and store_period.period_no = outage_period.period_no
) to stdout (format "binary")
