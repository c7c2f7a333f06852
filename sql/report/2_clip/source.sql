-- name: has_special_hours
-- Whether there are special hours on dates of the reported week, or near it.
--
-- reads   core.special_hours
-- binds   special_hours_file_id, week_start, as_of
select exists(
    select
    from core.special_hours
    where
        file_id = :special_hours_file_id
        and local_date >= cast(:week_start as timestamptz) at time zone 'UTC' - interval '3 days'
        and local_date <= cast(:as_of as timestamptz) at time zone 'UTC' + interval '2 days'
);

-- name: has_planned_downtime
-- Whether downtime is planned in the reported week, or near it.
--
-- reads   core.planned_downtime
-- binds   planned_downtime_file_id, week_start, as_of
select exists(
    select
    from core.planned_downtime
    where
        file_id = :planned_downtime_file_id
        and (starts_at is null or starts_at < :as_of)
        and (starts_local is null or starts_local < cast(:as_of as timestamptz) at time zone 'UTC' + interval '2 days')
        and (ends_at is null or ends_at > :week_start)
        and (ends_local is null or ends_local > cast(:week_start as timestamptz) at time zone 'UTC' - interval '2 days')
);

-- name: without_nested_loops
-- To the end of the transaction rows are joined by hashes. The tables of the report were filled a second ago: without
-- statistics PostgreSQL expects few stores, and would read all of them again for each one. The few loops that are left
-- look as if they were expensive, so it would compile the statement, which takes longer than to execute it.
select
    set_config('enable_nestloop', 'off', true) as enable_nestloop,
    set_config('jit', 'off', true) as jit;
