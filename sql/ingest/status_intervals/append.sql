-- The intervals of files whose polls are later than all others (can_append), without reading the polls: continued
-- intervals are dropped before (drop_continued), and the ones before are ended (end_last).
--
-- reads   core.staged_interval, core.status_interval
-- writes  core.status_interval, one row per interval that starts in the files
-- binds   file_ids
insert into core.status_interval (store_key, started_at, holds_from, holds_until, is_active)
select
    staged.store_key,
    staged.started_at,
    case when staged.is_first and known.store_key is null then '-infinity' else staged.started_at end,
    staged.holds_until,
    staged.is_active
from (
    select
        store_key,
        started_at,
        is_active,
        lag(started_at) over in_time is null as is_first,
        lead(started_at, 1, 'infinity') over in_time as holds_until
    from core.staged_interval
    where file_id = any(:file_ids)
    window in_time as (partition by store_key order by started_at)
) as staged
left join lateral (
    select status_interval.store_key
    from core.status_interval
    where
        staged.is_first
        and status_interval.store_key = staged.store_key
        and status_interval.holds_until >= staged.started_at
    group by status_interval.store_key
) as known on staged.store_key = known.store_key
