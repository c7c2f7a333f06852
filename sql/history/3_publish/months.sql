-- name: delete
-- Months of which no day is left.
--
-- reads   history.day
-- writes  history.store_month
-- binds   touched_from
delete from history.store_month
where
    store_month.last_date >= cast(:touched_from as date)
    and not exists (
        select
        from history.day
        where
            day.store_key = store_month.store_key
            and day.local_date between store_month.first_date and store_month.last_date
    );

-- name: add_changes
-- What the months of new days gain, where no day is restated: by how much each figure differs from what the day was
-- before, if it was there.
--
-- reads   history.new_day, history.day (as it was before)
-- writes  history.store_month
-- binds   changed_from (the first date of a new day)
insert into history.store_month as settled (
    store_key, month, first_date, last_date, last_final_date, days, open_us, planned_us, up_us, down_us, unknown_us,
    opened_late_us, closed_early_us, missed_openings
)
select
    new_day.store_key,
    cast(date_trunc('month', cast(new_day.local_date as timestamp)) as date) as month,
    min(new_day.local_date) as first_date,
    max(new_day.local_date) as last_date,
    max(new_day.local_date) filter (where new_day.is_final) as last_final_date,
    count(*) - count(day.store_key) as days,
    cast(sum(new_day.open_us - coalesce(day.open_us, 0)) as bigint) as open_us,
    cast(sum(new_day.planned_us - coalesce(day.planned_us, 0)) as bigint) as planned_us,
    cast(sum(new_day.up_us - coalesce(day.up_us, 0)) as bigint) as up_us,
    cast(sum(new_day.down_us - coalesce(day.down_us, 0)) as bigint) as down_us,
    cast(sum(new_day.unknown_us - coalesce(day.unknown_us, 0)) as bigint) as unknown_us,
    cast(sum(new_day.opened_late_us - coalesce(day.opened_late_us, 0)) as bigint) as opened_late_us,
    cast(sum(new_day.closed_early_us - coalesce(day.closed_early_us, 0)) as bigint) as closed_early_us,
    cast(sum(new_day.missed_openings - coalesce(day.missed_openings, 0)) as bigint) as missed_openings
from history.new_day
left join history.day
    on
        new_day.store_key = day.store_key
        and new_day.local_date = day.local_date
        and day.local_date >= cast(:changed_from as date)
group by new_day.store_key, month
on conflict (store_key, month) do update
set
    first_date = least(settled.first_date, excluded.first_date),
    last_date = greatest(settled.last_date, excluded.last_date),
    last_final_date = greatest(settled.last_final_date, excluded.last_final_date),
    days = settled.days + excluded.days,
    open_us = settled.open_us + excluded.open_us,
    planned_us = settled.planned_us + excluded.planned_us,
    up_us = settled.up_us + excluded.up_us,
    down_us = settled.down_us + excluded.down_us,
    unknown_us = settled.unknown_us + excluded.unknown_us,
    opened_late_us = settled.opened_late_us + excluded.opened_late_us,
    closed_early_us = settled.closed_early_us + excluded.closed_early_us,
    missed_openings = settled.missed_openings + excluded.missed_openings;

-- name: add
-- The sums of the months that may have other days than before.
--
-- reads   history.day
-- writes  history.store_month
-- binds   touched_month (the first date of the month of touched_from)
insert into history.store_month as settled (
    store_key, month, first_date, last_date, last_final_date, days, open_us, planned_us, up_us, down_us, unknown_us,
    opened_late_us, closed_early_us, missed_openings
)
select
    day.store_key,
    cast(date_trunc('month', cast(day.local_date as timestamp)) as date) as month,
    min(day.local_date) as first_date,
    max(day.local_date) as last_date,
    max(day.local_date) filter (where day.is_final) as last_final_date,
    count(*) as days,
    cast(sum(day.open_us) as bigint) as open_us,
    cast(sum(day.planned_us) as bigint) as planned_us,
    cast(sum(day.up_us) as bigint) as up_us,
    cast(sum(day.down_us) as bigint) as down_us,
    cast(sum(day.unknown_us) as bigint) as unknown_us,
    cast(sum(day.opened_late_us) as bigint) as opened_late_us,
    cast(sum(day.closed_early_us) as bigint) as closed_early_us,
    cast(sum(day.missed_openings) as bigint) as missed_openings
from history.day
where day.local_date >= cast(:touched_month as date)
group by day.store_key, month
on conflict (store_key, month) do update
set
    first_date = excluded.first_date,
    last_date = excluded.last_date,
    last_final_date = excluded.last_final_date,
    days = excluded.days,
    open_us = excluded.open_us,
    planned_us = excluded.planned_us,
    up_us = excluded.up_us,
    down_us = excluded.down_us,
    unknown_us = excluded.unknown_us,
    opened_late_us = excluded.opened_late_us,
    closed_early_us = excluded.closed_early_us,
    missed_openings = excluded.missed_openings
where settled is distinct from excluded;

-- name: add_earlier
-- The same, of months before, with days of which only what is said of openings is another (2_days/add_earlier).
--
-- reads   history.new_day, history.day
-- writes  history.store_month
-- binds   touched_month
insert into history.store_month as settled (
    store_key, month, first_date, last_date, last_final_date, days, open_us, planned_us, up_us, down_us, unknown_us,
    opened_late_us, closed_early_us, missed_openings
)
select
    day.store_key,
    earlier.month,
    min(day.local_date) as first_date,
    max(day.local_date) as last_date,
    max(day.local_date) filter (where day.is_final) as last_final_date,
    count(*) as days,
    cast(sum(day.open_us) as bigint) as open_us,
    cast(sum(day.planned_us) as bigint) as planned_us,
    cast(sum(day.up_us) as bigint) as up_us,
    cast(sum(day.down_us) as bigint) as down_us,
    cast(sum(day.unknown_us) as bigint) as unknown_us,
    cast(sum(day.opened_late_us) as bigint) as opened_late_us,
    cast(sum(day.closed_early_us) as bigint) as closed_early_us,
    cast(sum(day.missed_openings) as bigint) as missed_openings
from (
    select distinct
        store_key,
        cast(date_trunc('month', cast(local_date as timestamp)) as date) as month
    from history.new_day
    where local_date < cast(:touched_month as date)
) as earlier
inner join history.day
    on
        earlier.store_key = day.store_key
        and day.local_date >= earlier.month
        and day.local_date < earlier.month + interval '1 month'
group by day.store_key, earlier.month
on conflict (store_key, month) do update
set
    first_date = excluded.first_date,
    last_date = excluded.last_date,
    last_final_date = excluded.last_final_date,
    days = excluded.days,
    open_us = excluded.open_us,
    planned_us = excluded.planned_us,
    up_us = excluded.up_us,
    down_us = excluded.down_us,
    unknown_us = excluded.unknown_us,
    opened_late_us = excluded.opened_late_us,
    closed_early_us = excluded.closed_early_us,
    missed_openings = excluded.missed_openings
where settled is distinct from excluded;
