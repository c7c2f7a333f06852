-- availability over time: the groups and targets of stores, as of what is settled ------------------------------------

alter table history.store
add column clock text not null default '',
add column newest_timezone text not null default '',
add column hours_file_ids integer[] not null default '{}';
alter table history.store
alter column clock drop default,
alter column newest_timezone drop default,
alter column hours_file_ids drop default;
comment on column history.store.clock is 'Its zone, or several with the dates from which on they hold.';
comment on column history.store.newest_timezone is 'By the zones accepted last: its group of kind timezone.';
comment on column history.store.hours_file_ids is 'The files in which it has hours; by others it is always open.';

create table history.store_group (
    store_key bigint not null,
    kind text not null,
    name text not null,
    primary key (store_key, kind, name)
);
create index store_group_by_name on history.store_group (kind, name, store_key);
comment on table history.store_group is
'What a store that has days can be asked by: its id (kind store), all stores (kind all, name all), its zone (kind '
'timezone), and its groups.';

create table history.store_target (
    store_key bigint not null primary key,
    valid_from date[] not null,
    target_thousandths integer[] not null
);
comment on table history.store_target is
'The target of each store that comes under any: the local dates from which on it is another, and what it is then. On a '
'date it is target_thousandths[width_bucket(date, valid_from)].';
comment on column history.store_target.target_thousandths is 'Thousandths of a percent; null: none.';

-- what they are made of when a settlement is published ----------------------------------------------------------------

create view history.newest_settlement as
select
    settlement.settlement_id,
    settlement.as_of,
    settlement.accepted_order,
    settlement.max_gap
from history.settlement
where
    settlement.settlement_id = (
        select max(published.settlement_id)
        from history.settlement as published
        where published.published_at is not null
    );
comment on view history.newest_settlement is
'What all answers about days and outages are as of: the settlement published last. No row: nothing is settled yet.';

create view history.used_snapshot as
select distinct on (snapshot.kind)
    snapshot.kind,
    snapshot.file_id
from history.newest_settlement
inner join core.snapshot on newest_settlement.accepted_order >= snapshot.accepted_order
order by snapshot.kind asc, snapshot.accepted_order desc;
comment on view history.used_snapshot is
'The file of each kind that was accepted last, at the position to which days and outages are settled.';

create view history.accepted_group as
select
    store.store_key,
    'store' as kind,
    store.store_id as name
from core.store
inner join history.store as settled on store.store_key = settled.store_key
union all
select
    settled.store_key,
    'all',
    'all'
from history.store as settled
union all
select
    settled.store_key,
    'timezone',
    settled.newest_timezone
from history.store as settled
union all
select
    store.store_key,
    group_member.kind,
    group_member.name
from core.store
inner join history.store as settled on store.store_key = settled.store_key
inner join core.group_member on store.store_id = group_member.store_id
inner join history.used_snapshot
    on used_snapshot.kind = 'store_groups' and group_member.file_id = used_snapshot.file_id;
comment on view history.accepted_group is 'The rows of history.store_group, from the files that are accepted.';

create view history.promise as
select
    store_group.store_key,
    case store_group.kind when 'store' then 1 when 'all' then 3 else 2 end as level,
    target.valid_from,
    target.valid_until,
    target.target_percent
from (
    select
        case
            when target.store_id is not null then 'store'
            when target.group_kind is null then 'all'
            else target.group_kind
        end as kind,
        coalesce(target.store_id, target.group_name, 'all') as name,
        coalesce(target.valid_from, '-infinity') as valid_from,
        coalesce(
            lead(coalesce(target.valid_from, '-infinity')) over (
                partition by target.store_id, target.group_kind, target.group_name
                order by target.valid_from asc nulls first, target.line asc
            ),
            'infinity'
        ) as valid_until,
        target.target_percent
    from core.target
    inner join history.used_snapshot on used_snapshot.kind = 'targets' and target.file_id = used_snapshot.file_id
) as target
inner join history.store_group on target.kind = store_group.kind and target.name = store_group.name;
comment on view history.promise is
'Each target that a store comes under, with the local dates for which its scope has it. Level: 1 the store''s own, 2 '
'of a group, 3 of all stores.';
comment on column history.promise.target_percent is 'Null: none, so that the next level decides.';

create view history.accepted_target as
select
    decided.store_key,
    array_agg(decided.valid_from order by decided.valid_from) as valid_from,
    array_agg(cast(decided.target_percent * 1000 as integer) order by decided.valid_from)
        as target_thousandths
from (
    select
        edge.store_key,
        edge.valid_from,
        coalesce(
            max(promise.target_percent) filter (where promise.level = 1),
            max(promise.target_percent) filter (where promise.level = 2),
            max(promise.target_percent) filter (where promise.level = 3)
        ) as target_percent
    from (
        select distinct
            any_promise.store_key,
            any_promise.valid_from
        from history.promise as any_promise
    ) as edge
    inner join history.promise
        on
            edge.store_key = promise.store_key
            and edge.valid_from >= promise.valid_from
            and edge.valid_from < promise.valid_until
    group by edge.store_key, edge.valid_from
) as decided
group by decided.store_key;
comment on view history.accepted_target is 'The rows of history.store_target, from the files that are accepted.';

grant select on history.newest_settlement, history.used_snapshot, history.accepted_group, history.promise,
history.accepted_target to store_uptime_reader, store_uptime_writer;
grant select on history.store_group, history.store_target to store_uptime_reader;
grant select, insert, update, delete on history.store_group, history.store_target to store_uptime_writer;
