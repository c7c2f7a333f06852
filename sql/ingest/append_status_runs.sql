-- The runs of a file whose polls are later than all others (see can_append_runs): nothing has to be looked up in the
-- polls.
--
-- reads   core.staged_run, core.status_run (the last run of each store)
-- writes  core.status_run, one row per run that starts in the file; the run before it ends there
-- binds   file_id
--
-- A store's first run of the file is no new one if it goes on as before.
with staged as (
    select
        store_key,
        started_at,
        is_active,
        lag(started_at) over in_time is null as is_first,
        lead(started_at, 1, 'infinity') over in_time as holds_until
    from core.staged_run
    where file_id = :file_id
    window in_time as (partition by store_key order by started_at)
),

starting as (
    select
        staged.store_key,
        staged.started_at,
        staged.is_active,
        staged.holds_until,
        run_before.store_key is null and staged.is_first as is_first_ever
    from staged
    left join core.status_run as run_before
        on
            staged.store_key = run_before.store_key
            and run_before.holds_until = 'infinity'
    where not staged.is_first or run_before.is_active is distinct from staged.is_active
),

ended as (
    update core.status_run
    set holds_until = starting_first.started_at
    from (
        select
            store_key,
            min(started_at) as started_at
        from starting
        group by store_key
    ) as starting_first
    where
        status_run.store_key = starting_first.store_key
        and status_run.holds_until = 'infinity'
    returning status_run.store_key
)

insert into core.status_run (store_key, started_at, holds_from, holds_until, is_active)
select
    starting.store_key,
    starting.started_at,
    case when starting.is_first_ever then '-infinity' else starting.started_at end,
    starting.holds_until,
    starting.is_active
from starting
-- Read for its order alone: the old last run has to give up its end before a new one takes it.
where (select count(*) from ended) >= 0
