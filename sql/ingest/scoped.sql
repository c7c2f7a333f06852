-- name: create_groups
-- Rows of a groups file, which may name a member several times.
create temporary table named_member (
    file_id integer not null,
    line integer not null,
    store_id text not null,
    kind text not null,
    name text not null
) on commit drop;

-- name: copy_groups
-- writes  named_member, one row per usable row of a groups file
copy named_member (file_id, line, store_id, kind, name) from stdin with (format csv);

-- name: add_groups
-- The members of the groups in a groups file.
--
-- reads   named_member
-- writes  core.group_member, one row per member
-- binds   file_id
insert into core.group_member (file_id, store_id, kind, name)
select
    file_id,
    store_id,
    kind,
    name
from named_member
where file_id = :file_id
group by file_id, store_id, kind, name;

-- name: copy_special_hours
-- writes  core.special_hours, one row per usable row of a file
copy core.special_hours (
    file_id, line, store_id, group_kind, group_name, local_date, start_time_local, end_time_local, reason
)
from stdin with (format csv);

-- name: copy_planned_downtime
-- writes  core.planned_downtime, one row per usable row of a file
copy core.planned_downtime (
    file_id, line, store_id, group_kind, group_name, starts_at, starts_local, ends_at, ends_local, reason
)
from stdin with (format csv);

-- name: copy_targets
-- writes  core.target, one row per usable row of a file
copy core.target (file_id, line, store_id, group_kind, group_name, target_percent, valid_from)
from stdin with (format csv);

-- name: delete_replaced_targets
-- Of targets with the same scope and date the last one of a file stands.
--
-- writes  core.target
-- binds   file_id
delete from core.target
where
    file_id = :file_id
    and line in (
        select numbered.line
        from (
            select
                line,
                row_number() over (
                    partition by store_id, group_kind, group_name, valid_from
                    order by line desc
                ) as number
            from core.target
            where file_id = :file_id
        ) as numbered
        where numbered.number > 1
    );
