-- The log of targets that changed since the last settlement: of rows with the same scope and date a file's last one
-- counts.
--
-- reads   core.target
-- writes  history.target_change
-- binds   settlement_id, targets_file_id, previous_targets_file_id (null: there was none)
insert into history.target_change (
    settlement_id, change_no, store_id, group_kind, group_name, valid_from, old_percent, new_percent, file_id
)
with promised as (
    select distinct on (file_id, store_id, group_kind, group_name, valid_from)
        file_id,
        store_id,
        group_kind,
        group_name,
        valid_from,
        target_percent
    from core.target
    where file_id in (:targets_file_id, :previous_targets_file_id)
    order by file_id asc, store_id asc, group_kind asc, group_name asc, valid_from asc, line desc
),

compared as (
    select
        store_id,
        group_kind,
        group_name,
        valid_from,
        max(target_percent) filter (where file_id = :previous_targets_file_id) as old_percent,
        max(target_percent) filter (where file_id = :targets_file_id) as new_percent,
        count(*) filter (where file_id = :previous_targets_file_id) as old_rows,
        count(*) filter (where file_id = :targets_file_id) as new_rows
    from promised
    group by store_id, group_kind, group_name, valid_from
)

select
    :settlement_id,
    row_number() over (order by store_id, group_kind, group_name, valid_from),
    store_id,
    group_kind,
    group_name,
    valid_from,
    old_percent,
    new_percent,
    :targets_file_id
from compared
where (old_percent, old_rows) is distinct from (new_percent, new_rows)
