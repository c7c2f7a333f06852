-- name: add_periods
-- From which date up to which one each file of hours and zones holds, as seen from a position.
--
-- reads   history.file_periods()
-- writes  history.file_period
-- binds   accepted_order
insert into history.file_period (accepted_order, kind, valid_from, valid_until, file_id)
select
    :accepted_order,
    kind,
    valid_from,
    valid_until,
    file_id
from history.file_periods(:accepted_order);

-- name: add_of_hours_and_zones
-- The first date for which another file of hours, or of zones, holds than before. Where zones change, the clock may
-- change two dates before.
--
-- reads   history.file_period, core.snapshot
-- writes  history.change, at most one row for each of the two kinds
-- binds   previous_order, accepted_order
insert into history.change (cause, from_date, file_id, accepted_order)
select
    differing.kind,
    differing.from_date - case when differing.kind = 'store_timezones' then 2 else 0 end,
    newest.file_id,
    newest.accepted_order
from (
    select
        edge.kind,
        min(edge.valid_from) as from_date
    from history.file_period as edge
    inner join history.file_period as before
        on
            before.accepted_order = :previous_order
            and edge.kind = before.kind
            and edge.valid_from >= before.valid_from
            and edge.valid_from < before.valid_until
    inner join history.file_period as after
        on
            after.accepted_order = :accepted_order
            and edge.kind = after.kind
            and edge.valid_from >= after.valid_from
            and edge.valid_from < after.valid_until
    where before.file_id is distinct from after.file_id
    group by edge.kind
) as differing
inner join (
    select distinct on (kind)
        kind,
        file_id,
        accepted_order
    from core.snapshot
    where accepted_order <= :accepted_order
    order by kind asc, accepted_order desc
) as newest on differing.kind = newest.kind;

-- name: add_rows
-- Of whom rows of special hours and planned downtime differ from before, or what groups of stores they are of; and the
-- first date on which they do.
--
-- reads   core.snapshot, core.special_hours, core.planned_downtime, core.group_member
-- writes  history.changed_row
-- binds   previous_order, accepted_order
--
-- A row counts from its date on, planned downtime from the date before its start, which may be another one somewhere.
-- A store that joins or leaves a group: from the first row on that names the group. `timezone` is a group by the newest
-- zones: which stores are in another one than before is asked later (1_clocks/changes.sql).
insert into history.changed_row (cause, store_id, group_kind, group_name, from_date)
with log as (
    select
        kind,
        file_id,
        accepted_order,
        max(accepted_order) over (partition by kind) as newest,
        max(accepted_order) filter (where accepted_order <= :previous_order) over (partition by kind) as newest_before
    from core.snapshot
    where accepted_order <= :accepted_order
),

held as (
    select
        kind,
        max(file_id) filter (where accepted_order = newest) as file_id,
        max(file_id) filter (where accepted_order = newest_before) as previous_file_id,
        max(file_id) filter (where accepted_order = newest)
        <> coalesce(max(file_id) filter (where accepted_order = newest_before), 0) as is_new
    from log
    group by kind
),

dated as (
    select
        held.kind,
        held.is_new,
        special_hours.file_id,
        special_hours.store_id,
        special_hours.group_kind,
        special_hours.group_name,
        special_hours.local_date as from_date,
        concat_ws('|', special_hours.start_time_local, special_hours.end_time_local) as times
    from held
    inner join core.special_hours
        on held.kind = 'special_hours' and special_hours.file_id in (held.file_id, held.previous_file_id)
    union all
    select
        held.kind,
        held.is_new,
        planned_downtime.file_id,
        planned_downtime.store_id,
        planned_downtime.group_kind,
        planned_downtime.group_name,
        cast(
            coalesce(planned_downtime.starts_at at time zone 'UTC', planned_downtime.starts_local) as date
        ) - 2,
        concat_ws(
            '|',
            extract(epoch from planned_downtime.starts_at),
            planned_downtime.starts_local,
            'to',
            extract(epoch from planned_downtime.ends_at),
            planned_downtime.ends_local
        )
    from held
    inner join core.planned_downtime
        on held.kind = 'planned_downtime' and planned_downtime.file_id in (held.file_id, held.previous_file_id)
),

member as (
    select
        group_member.store_id,
        group_member.kind as group_kind,
        group_member.name as group_name
    from held
    inner join core.group_member
        on held.kind = 'store_groups' and group_member.file_id in (held.file_id, held.previous_file_id)
    where held.is_new
    group by group_member.store_id, group_member.kind, group_member.name
    having count(*) = 1
)

select
    kind as cause,
    store_id,
    group_kind,
    group_name,
    min(from_date) as from_date
from (
    select
        kind,
        store_id,
        group_kind,
        group_name,
        from_date
    from dated
    where is_new
    group by kind, store_id, group_kind, group_name, from_date, times
    having count(distinct file_id) = 1
) as differing
group by kind, store_id, group_kind, group_name
union all
select
    'store_groups',
    member.store_id,
    null,
    null,
    min(dated.from_date)
from member
inner join dated on member.group_kind = dated.group_kind and member.group_name = dated.group_name
group by member.store_id
union all
select
    'store_timezones',
    null,
    dated.group_kind,
    dated.group_name,
    min(dated.from_date)
from held
inner join dated on dated.group_kind = 'timezone'
where held.kind = 'store_timezones' and held.is_new
group by dated.group_kind, dated.group_name;

-- name: add_of_rows
-- The first date on which any of these rows differs.
--
-- reads   history.changed_row, core.snapshot
-- writes  history.change, at most one row for each kind
-- binds   accepted_order
insert into history.change (cause, from_date, file_id, accepted_order)
select
    changed.cause,
    changed.from_date,
    newest.file_id,
    newest.accepted_order
from (
    select
        cause,
        min(from_date) as from_date
    from history.changed_row
    group by cause
) as changed
inner join (
    select distinct on (kind)
        kind,
        file_id,
        accepted_order
    from core.snapshot
    where accepted_order <= :accepted_order
    order by kind asc, accepted_order desc
) as newest on changed.cause = newest.kind
on conflict (cause) do update
set from_date = least(change.from_date, excluded.from_date);

-- name: add
-- Something else that changes days of all stores: the setting, or a date that was asked for.
--
-- writes  history.change, one row
-- binds   cause, from_date, accepted_order
insert into history.change (cause, from_date, accepted_order)
values (:cause, :from_date, :accepted_order);

-- name: read_first
-- The first date that changes; null if none does. Since ever is since the year 1, which clients know, too.
--
-- reads   history.change
select case when count(*) > 0 then greatest(min(from_date), date '0001-01-01') end as from_date
from history.change;

-- name: read_asked
-- From which date an unpublished settlement was asked to settle again; null if none was.
--
-- reads   history.change
select min(from_date) as from_date
from history.change
where cause = 'from_date';
