-- name: delete_days
-- reads   history.new_store
-- writes  history.outage_day
-- binds   touched_from
delete from history.outage_day
using history.new_store as store
where
    outage_day.store_key = store.store_key
    and outage_day.local_date >= cast(:touched_from as date)
    and (outage_day.local_date >= store.from_date or outage_day.local_date < store.first_date);

-- name: add_days
-- reads   history.new_outage_day
-- writes  history.outage_day
insert into history.outage_day (store_key, local_date, started_at, downtime_us, down_until)
select
    store_key,
    local_date,
    started_at,
    downtime_us,
    down_until
from history.new_outage_day;

-- name: delete
-- The outages of the time that was settled: those of which no day is left too, for another zone moves dates. An outage
-- that started before from_date has the day on which it did.
--
-- reads   history.new_store, history.outage_day
-- writes  history.outage
-- binds   touched_from
delete from history.outage
using history.new_store as store
where
    outage.store_key = store.store_key
    and outage.ended_on >= cast(:touched_from as date)
    and (
        outage.started_at >= store.from_at
        or outage.started_on < store.first_date
        or (
            outage.started_on >= store.from_date
            and not exists (
                select
                from history.outage_day
                where
                    outage_day.store_key = outage.store_key
                    and outage_day.started_at = outage.started_at
                    and outage_day.local_date >= cast(:touched_from as date)
            )
        )
    );

-- name: delete_old
-- Outages that go on, or end otherwise than before: they are written anew, as days are.
--
-- reads   history.new_outage
-- writes  history.outage
delete from history.outage
using history.new_outage
where outage.store_key = new_outage.store_key and outage.started_at = new_outage.started_at;

-- name: add
-- Outages of which none is there (delete_old).
--
-- reads   history.new_outage
-- writes  history.outage
insert into history.outage (
    store_key, started_at, ended_at, downtime_us, ended_by, started_after, ended_before, started_on, ended_on
)
select
    store_key,
    started_at,
    ended_at,
    downtime_us,
    ended_by,
    started_after,
    ended_before,
    started_on,
    ended_on
from history.new_outage;
