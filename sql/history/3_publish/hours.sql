-- name: delete
-- Hours of dates that are settled again, or are no more.
--
-- reads   history.new_store
-- writes  history.day_hours
-- binds   touched_from
delete from history.day_hours
using history.new_store as store
where
    day_hours.store_key = store.store_key
    and day_hours.local_date >= cast(:touched_from as date)
    and (day_hours.local_date >= store.from_date or day_hours.local_date < store.first_date);

-- name: add
-- reads   history.new_day_hours
-- writes  history.day_hours
insert into history.day_hours (store_key, local_date, end_hour, is_special, polls, changes, open, down, unknown)
select
    store_key,
    local_date,
    end_hour,
    is_special,
    polls,
    changes,
    open,
    down,
    unknown
from history.new_day_hours;
