-- name: log_restatements
-- The log of final days whose figures change, with what caused it: of what is new since the last settlement and touches
-- the date, what was accepted last.
--
-- reads   history.new_store, history.day, history.new_day, history.new_change, history.change, core.acceptance
-- writes  history.restatement
-- binds   settlement_id, touched_from
--
-- Of a store's new polls the file of the earliest one is named. A day that was not there before is not restated; one
-- that is no more, is. A date that was asked for is the cause if nothing is new: the code or the zones' data changed.
-- Nothing is restated unless some store has a restated_from (settlement/touched_from).
insert into history.restatement (
    store_key, local_date, settlement_id, cause, file_id, old_open_us, old_planned_us, old_up_us, old_down_us,
    old_unknown_us, new_open_us, new_planned_us, new_up_us, new_down_us, new_unknown_us
)
select
    changed.store_key,
    changed.local_date,
    :settlement_id,
    case when changed.is_of_polls then 'store_status' else coalesce(changed.cause, 'other') end,
    case when changed.is_of_polls then changed.new_file_id else changed.file_id end,
    changed.old_open_us,
    changed.old_planned_us,
    changed.old_up_us,
    changed.old_down_us,
    changed.old_unknown_us,
    changed.open_us,
    changed.planned_us,
    changed.up_us,
    changed.down_us,
    changed.unknown_us
from (
    select
        day.store_key,
        day.local_date,
        store.new_file_id,
        change.cause,
        change.file_id,
        coalesce(
            store.new_polled_at < upper(day.utc_range)
            and acceptance.accepted_order > coalesce(change.accepted_order, 0),
            false
        ) as is_of_polls,
        row_number() over (
            partition by day.store_key, day.local_date
            order by change.accepted_order desc nulls last, change.cause desc
        ) as number,
        day.open_us as old_open_us,
        day.planned_us as old_planned_us,
        day.up_us as old_up_us,
        day.down_us as old_down_us,
        day.unknown_us as old_unknown_us,
        new_day.open_us,
        new_day.planned_us,
        new_day.up_us,
        new_day.down_us,
        new_day.unknown_us
    from history.new_store as store
    inner join history.day
        on
            store.store_key = day.store_key
            and day.local_date >= cast(:touched_from as date)
            and (day.local_date >= store.from_date or day.local_date < store.first_date)
    left join history.new_day on day.store_key = new_day.store_key and day.local_date = new_day.local_date
    left join history.new_change
        on day.store_key = new_change.store_key and day.local_date >= new_change.from_date
    left join history.change on new_change.cause = change.cause
    left join core.acceptance on store.new_file_id = acceptance.file_id
    where
        day.is_final
        and (
            new_day.store_key is null
            or (day.open_us, day.planned_us, day.up_us, day.down_us, day.unknown_us)
            <> (new_day.open_us, new_day.planned_us, new_day.up_us, new_day.down_us, new_day.unknown_us)
        )
) as changed
where changed.number = 1;

-- name: delete
-- Days that are no more: another zone has another date at as_of, or at the first poll.
--
-- reads   history.new_store, history.new_day
-- writes  history.day
-- binds   touched_from
delete from history.day
using history.new_store as store
where
    day.store_key = store.store_key
    and day.local_date >= cast(:touched_from as date)
    and (day.local_date >= store.from_date or day.local_date < store.first_date)
    and not exists (
        select
        from history.new_day
        where new_day.store_key = day.store_key and new_day.local_date = day.local_date
    );

-- name: drop_same
-- Days that were settled again and are as they were: they stay.
--
-- reads   history.day
-- writes  history.new_day
delete from history.new_day
using history.day
where
    new_day.store_key = day.store_key
    and new_day.local_date = day.local_date
    and new_day is not distinct from day;

-- name: delete_old
-- Days that are written anew: as new rows they cost less than as changes of old ones.
--
-- reads   history.new_day
-- writes  history.day
delete from history.day
using history.new_day
where day.store_key = new_day.store_key and day.local_date = new_day.local_date;

-- name: add
-- Days of which none is there (delete_old).
--
-- reads   history.new_day
-- writes  history.day
insert into history.day (
    store_key, local_date, timezone, utc_range, is_final, open_us, planned_us, up_us, down_us, unknown_us,
    opened_late_us, closed_early_us, missed_openings, last_open_at, last_active_at, stretch_on, stretch_starts_planned,
    stretch_open_us, stretch_late_us, stretch_early_us, other_late_us, other_early_us, other_missed
)
select
    store_key,
    local_date,
    timezone,
    utc_range,
    is_final,
    open_us,
    planned_us,
    up_us,
    down_us,
    unknown_us,
    opened_late_us,
    closed_early_us,
    missed_openings,
    last_open_at,
    last_active_at,
    stretch_on,
    stretch_starts_planned,
    stretch_open_us,
    stretch_late_us,
    stretch_early_us,
    other_late_us,
    other_early_us,
    other_missed
from history.new_day;

-- name: add_stores
-- reads   history.new_store
-- writes  history.store
insert into history.store as settled (store_key, first_polled_at, clock, newest_timezone, hours_file_ids)
select
    store_key,
    first_polled_at,
    clock,
    newest_timezone,
    hours_file_ids
from history.new_store
on conflict (store_key) do update
set
    first_polled_at = least(settled.first_polled_at, excluded.first_polled_at),
    clock = excluded.clock,
    newest_timezone = excluded.newest_timezone,
    hours_file_ids = excluded.hours_file_ids
where
    (settled.first_polled_at, settled.clock, settled.newest_timezone, settled.hours_file_ids)
    is distinct from (
        least(settled.first_polled_at, excluded.first_polled_at),
        excluded.clock,
        excluded.newest_timezone,
        excluded.hours_file_ids
    );
