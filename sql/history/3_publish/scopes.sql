-- name: delete_groups
-- Groups that stores are in no more.
--
-- reads   history.accepted_group
-- writes  history.store_group
delete from history.store_group
where
    not exists (
        select
        from history.accepted_group
        where
            accepted_group.store_key = store_group.store_key
            and accepted_group.kind = store_group.kind
            and accepted_group.name = store_group.name
    );

-- name: add_groups
-- reads   history.accepted_group, history.store_group
-- writes  history.store_group
insert into history.store_group (store_key, kind, name)
select
    accepted_group.store_key,
    accepted_group.kind,
    accepted_group.name
from history.accepted_group
left join history.store_group as settled
    on
        accepted_group.store_key = settled.store_key
        and accepted_group.kind = settled.kind
        and accepted_group.name = settled.name
where settled.store_key is null
on conflict (store_key, kind, name) do nothing;

-- name: delete_targets
-- Targets of stores that come under none any more.
--
-- reads   history.accepted_target
-- writes  history.store_target
delete from history.store_target
where
    not exists (
        select
        from history.accepted_target
        where accepted_target.store_key = store_target.store_key
    );

-- name: add_targets
-- reads   history.accepted_target
-- writes  history.store_target
insert into history.store_target as settled (store_key, valid_from, target_thousandths)
select
    store_key,
    valid_from,
    target_thousandths
from history.accepted_target
on conflict (store_key) do update
set
    valid_from = excluded.valid_from,
    target_thousandths = excluded.target_thousandths
where
    (settled.valid_from, settled.target_thousandths)
    is distinct from (excluded.valid_from, excluded.target_thousandths);
