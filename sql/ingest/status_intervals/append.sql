-- The runs of a file whose polls are later than all others (see can_append_runs): nothing has to be looked up in the
-- polls. Continued runs are dropped, and what came before has ended.
--
-- reads   core.staged_run, core.status_run
-- writes  core.status_run, one row per run that starts in the file
-- binds   file_id
insert into core.status_run (store_key, started_at, holds_from, holds_until, is_active)
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
    from core.staged_run
    where file_id = :file_id
    window in_time as (partition by store_key order by started_at)
) as staged
left join (
    select store_key
    from core.status_run
    group by store_key
) as known on staged.store_key = known.store_key
