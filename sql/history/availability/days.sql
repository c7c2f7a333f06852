-- The sums of each store's days, from cut to cut: whole months, and days of other dates.
--
-- reads   history.store_month, history.day, history.store_group, history.store_target
-- yields  one row or more for each store and cut; whole numbers, none of them null, dates as days since 1970
-- binds   cuts (the dates on which a period begins or some target changes; a row is of the dates from the nth on, up to
--         the next one), whole_months (their first dates: all days in them are asked about, and lie within two cuts),
--         days_from, days_until, other_dates (the rest: dates up to a last one, of these null for all, else ranges),
--         kind, name (of the stores to look at: all, all for all of them), store_keys (null: all; else theirs)
--
-- Within two cuts a store's target is the same (-1: none), so that no day is asked for its target. Dates to come are
-- not in here (days_to_come.sql). Rows are put together in history/figures.py. The sums of a store are no more than a
-- bigint holds, and go in binary format: reading many numbers as text takes longer than adding them up.
copy (
    select
        summed.store_key,
        cast(summed.cut_no as bigint) as cut_no,
        cast(summed.last_date - date '1970-01-01' as bigint) as last_date,
        cast(coalesce(summed.last_final_date - date '1970-01-01', -2147483648) as bigint) as last_final_date,
        summed.days,
        summed.open_us,
        summed.planned_us,
        summed.up_us,
        summed.down_us,
        summed.unknown_us,
        summed.opened_late_us,
        summed.closed_early_us,
        summed.missed_openings,
        cast(cast(store_target.store_key is not null as integer) as bigint) as has_target,
        cast(
            coalesce(
                store_target.target_thousandths[
                    width_bucket((cast(%(cuts)s as date[]))[summed.cut_no], store_target.valid_from)
                ],
                -1
            ) as bigint
        ) as target_thousandths
    from (
        select
            store_key,
            width_bucket(first_date, cast(%(cuts)s as date[])) as cut_no,
            last_date,
            last_final_date,
            days,
            open_us,
            planned_us,
            up_us,
            down_us,
            unknown_us,
            opened_late_us,
            closed_early_us,
            missed_openings
        from history.store_month
        where
            month = any(cast(%(whole_months)s as date[]))
            and (cast(%(store_keys)s as bigint[]) is null or store_key = any(%(store_keys)s))
        union all
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
            local_date >= cast(%(days_from)s as date)
            and local_date <= cast(%(days_until)s as date)
            and (
                cast(%(other_dates)s as datemultirange) is null
                or local_date <@ cast(%(other_dates)s as datemultirange)
            )
            and (cast(%(store_keys)s as bigint[]) is null or store_key = any(%(store_keys)s))
        group by store_key, cut_no
    ) as summed
    inner join history.store_group as chosen
        on summed.store_key = chosen.store_key and chosen.kind = %(kind)s and chosen.name = %(name)s
    left join history.store_target on chosen.store_key = store_target.store_key
) to stdout (format "binary")
