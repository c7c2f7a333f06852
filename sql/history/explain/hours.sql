-- name: special
-- The special hours of a store that begin on dates: of the rows for a date those of the store itself, else those of its
-- groups, else those of all stores.
--
-- reads   history.used_snapshot, core.special_hours, core.group_member, core.file
-- yields  one row for each row of the file
-- binds   store_id, newest_timezone, dates
select
    scoped.local_date,
    scoped.line,
    scoped.store_id,
    scoped.group_kind,
    scoped.group_name,
    scoped.start_time_local,
    scoped.end_time_local,
    scoped.reason,
    scoped.file_name
from (
    select
        special_hours.*,
        file.name as file_name,
        rank() over (
            partition by special_hours.local_date
            order by
                case
                    when special_hours.store_id is not null then 1
                    when special_hours.group_kind is not null then 2
                    else 3
                end
        ) as place
    from history.used_snapshot
    inner join core.special_hours on used_snapshot.file_id = special_hours.file_id
    inner join core.file on special_hours.file_id = file.file_id
    where
        used_snapshot.kind = 'special_hours'
        and special_hours.local_date = any(cast(:dates as date[]))
        and (
            special_hours.store_id = :store_id
            or (special_hours.store_id is null and special_hours.group_kind is null)
            or (special_hours.group_kind = 'timezone' and special_hours.group_name = :newest_timezone)
            or (special_hours.group_kind, special_hours.group_name) in (
                select
                    group_member.kind,
                    group_member.name
                from history.used_snapshot as groups
                inner join core.group_member on groups.file_id = group_member.file_id
                where groups.kind = 'store_groups' and group_member.store_id = :store_id
            )
        )
) as scoped
where scoped.place = 1
order by scoped.local_date, scoped.line;

-- name: weekly
-- The openings of a store's week.
--
-- reads   core.business_hours, core.file
-- yields  one row for each opening
-- binds   store_key, file_ids
select
    business_hours.file_id,
    business_hours.weekday,
    business_hours.start_time_local,
    business_hours.end_time_local,
    file.name as file_name
from core.business_hours
inner join core.file on business_hours.file_id = file.file_id
where business_hours.store_key = :store_key and business_hours.file_id = any(cast(:file_ids as integer[]))
order by business_hours.file_id, business_hours.weekday, business_hours.start_time_local;

-- name: planned
-- The planned downtime of a store, as its rows have it.
--
-- reads   history.used_snapshot, core.planned_downtime, core.group_member, core.file
-- yields  one row for each row of the file
-- binds   store_id, newest_timezone
select
    planned_downtime.line,
    planned_downtime.store_id,
    planned_downtime.group_kind,
    planned_downtime.group_name,
    planned_downtime.starts_at,
    planned_downtime.starts_local,
    planned_downtime.ends_at,
    planned_downtime.ends_local,
    planned_downtime.reason,
    file.name as file_name
from history.used_snapshot
inner join core.planned_downtime on used_snapshot.file_id = planned_downtime.file_id
inner join core.file on planned_downtime.file_id = file.file_id
where
    used_snapshot.kind = 'planned_downtime'
    and (
        planned_downtime.store_id = :store_id
        or (planned_downtime.store_id is null and planned_downtime.group_kind is null)
        or (planned_downtime.group_kind = 'timezone' and planned_downtime.group_name = :newest_timezone)
        or (planned_downtime.group_kind, planned_downtime.group_name) in (
            select
                group_member.kind,
                group_member.name
            from history.used_snapshot as groups
            inner join core.group_member on groups.file_id = group_member.file_id
            where groups.kind = 'store_groups' and group_member.store_id = :store_id
        )
    )
order by planned_downtime.line;
