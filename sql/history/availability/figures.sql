-- The sums of a scope and period: over the days of the stores that have at least one in it, and over their outages.
--
-- reads   history.day, history.outage, history.outage_day, history.store_group, history.store_target
-- yields  one row for each scope and period, by scope in byte order, then period
-- binds   edges (period n is the dates from the nth on, up to the next one), cuts (edges, and all dates between
--         them on which some target changes), by (kind of the scopes), kind, name (of the stores to look at: all,
--         all for all of them), store_keys (null: all; else theirs)
--
-- Days are summed up store by store before stores are put together: a store may be in several groups of a kind.
-- They are summed up from cut to cut, within which a store's target is the same, so that no day is asked for its
-- target. What a budget rests on has a factor of 100,000, so that it is a whole number: targets have three
-- decimals. Dates to come are not in here (days_to_come.sql). An outage is whole within one period, most often;
-- only of others the dates are read.
with day_sum as (
    select
        store_key,
        width_bucket(local_date, cast(:cuts as date[])) as cut_no,
        max(local_date) filter (where is_final) as last_final_date,
        count(*) as days,
        sum(open_us) as open_us,
        sum(planned_us) as planned_us,
        sum(up_us) as up_us,
        sum(down_us) as down_us,
        sum(unknown_us) as unknown_us,
        sum(opened_late_us) as opened_late_us,
        sum(closed_early_us) as closed_early_us,
        sum(missed_openings) as missed_openings
    from history.day
    where
        local_date >= (cast(:edges as date[]))[1]
        and local_date < (cast(:edges as date[]))[cardinality(cast(:edges as date[]))]
        and (cast(:store_keys as bigint[]) is null or store_key = any(:store_keys))
    group by store_key, cut_no
),

promised_sum as (
    select
        day_sum.*,
        width_bucket((cast(:cuts as date[]))[day_sum.cut_no], cast(:edges as date[])) as period_no,
        store_target.target_thousandths[
            width_bucket((cast(:cuts as date[]))[day_sum.cut_no], store_target.valid_from)
        ] as target_thousandths
    from day_sum
    inner join history.store_group as chosen
        on day_sum.store_key = chosen.store_key and chosen.kind = :kind and chosen.name = :name
    left join history.store_target on day_sum.store_key = store_target.store_key
),

store_period as (
    select
        store_key,
        period_no,
        coalesce(bool_or(last_final_date = (cast(:edges as date[]))[period_no + 1] - 1), false) as is_final,
        sum(days) as days,
        sum(open_us) as open_us,
        sum(planned_us) as planned_us,
        sum(up_us) as up_us,
        sum(down_us) as down_us,
        sum(unknown_us) as unknown_us,
        sum(opened_late_us) as opened_late_us,
        sum(closed_early_us) as closed_early_us,
        sum(missed_openings) as missed_openings,
        min(target_thousandths) as least_target,
        max(target_thousandths) as greatest_target,
        coalesce(sum(days) filter (where target_thousandths is not null), 0) as days_with_target,
        sum(open_us) filter (where target_thousandths is not null) as promised_open_us,
        sum(down_us) filter (where target_thousandths is not null) as promised_down_us,
        sum(unknown_us) filter (where target_thousandths is not null) as promised_unknown_us,
        sum(open_us * (100000 - target_thousandths)) as budget_100000
    from promised_sum
    group by store_key, period_no
),

outage_span as materialized (
    select
        store_key,
        width_bucket(started_on, cast(:edges as date[])) as first_period_no,
        width_bucket(ended_on, cast(:edges as date[])) as last_period_no,
        count(*) as outages,
        count(*) filter (where ended_by = 'up') as repaired_outages,
        sum(downtime_us) filter (where ended_by = 'up') as repaired_us,
        max(downtime_us) as longest_us
    from history.outage
    where
        ended_on >= (cast(:edges as date[]))[1]
        and started_on < (cast(:edges as date[]))[cardinality(cast(:edges as date[]))]
        and (cast(:store_keys as bigint[]) is null or store_key = any(:store_keys))
    group by store_key, first_period_no, last_period_no
),

clipped_outage as (
    select
        outage.store_key,
        outage.started_at,
        width_bucket(outage_day.local_date, cast(:edges as date[])) as period_no,
        sum(outage_day.downtime_us) as downtime_us
    from history.outage
    inner join history.outage_day
        on outage.store_key = outage_day.store_key and outage.started_at = outage_day.started_at
    where
        width_bucket(outage.started_on, cast(:edges as date[])) <> width_bucket(outage.ended_on, cast(:edges as date[]))
        and outage.ended_on >= (cast(:edges as date[]))[1]
        and outage.started_on < (cast(:edges as date[]))[cardinality(cast(:edges as date[]))]
        and outage_day.local_date >= (cast(:edges as date[]))[1]
        and outage_day.local_date < (cast(:edges as date[]))[cardinality(cast(:edges as date[]))]
        and (cast(:store_keys as bigint[]) is null or outage.store_key = any(:store_keys))
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
    scope.name as scope,
    store_period.period_no,
    bool_and(store_period.is_final) as is_final,
    count(*) as stores,
    sum(store_period.open_us) as open_us,
    sum(store_period.planned_us) as planned_us,
    sum(store_period.up_us) as up_us,
    sum(store_period.down_us) as down_us,
    sum(store_period.unknown_us) as unknown_us,
    coalesce(sum(outage_period.outages), 0) as outages,
    coalesce(max(outage_period.longest_us), 0) as longest_outage_us,
    coalesce(sum(outage_period.repaired_outages), 0) as repaired_outages,
    coalesce(sum(outage_period.repaired_us), 0) as repaired_us,
    sum(store_period.opened_late_us) as opened_late_us,
    sum(store_period.closed_early_us) as closed_early_us,
    sum(store_period.missed_openings) as missed_openings,
    min(store_period.least_target) as least_target,
    max(store_period.greatest_target) as greatest_target,
    sum(store_period.days_with_target) as days_with_target,
    sum(store_period.days - store_period.days_with_target) as days_without_target,
    coalesce(sum(store_period.promised_open_us), 0) as promised_open_us,
    coalesce(sum(store_period.promised_down_us), 0) as promised_down_us,
    coalesce(sum(store_period.promised_unknown_us), 0) as promised_unknown_us,
    coalesce(sum(store_period.budget_100000), 0) as budget_100000
from store_period
inner join history.store_group as scope on store_period.store_key = scope.store_key and scope.kind = :by
left join outage_period
    on store_period.store_key = outage_period.store_key and store_period.period_no = outage_period.period_no
group by scope.name, store_period.period_no
order by scope.name collate "C", store_period.period_no
