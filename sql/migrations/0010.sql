-- one log of snapshots, of whatever kind ----------------------------------------------------------------------------

create table core.snapshot (
    accepted_order bigint primary key references core.acceptance,
    kind text not null check (kind <> 'store_status'),
    file_id integer not null references core.file
);
create index snapshot_by_kind on core.snapshot (kind, accepted_order desc);
comment on table core.snapshot is
'The log of snapshots: from its position in core.acceptance on, a snapshot is the current one of its kind, until the '
'next of that kind. Rows are never deleted: history needs those that were replaced.';
comment on column core.snapshot.file_id is
'Its content: a file, or the shards of one export. The same content may become current more than once.';
grant select on core.snapshot to store_uptime_reader;
grant select, insert on core.snapshot to store_uptime_writer;

insert into core.snapshot (accepted_order, kind, file_id)
select
    accepted_order,
    kind,
    file_id
from core.acceptance
where kind <> 'store_status';

-- a report is pinned to a position of the log, and that says which snapshots it uses --------------------------------

alter table report.report drop column business_hours_file_id, drop column store_timezones_file_id;

create view report.used_snapshot as
select distinct on (report.report_id, snapshot.kind)
    report.report_id,
    snapshot.kind,
    snapshot.file_id
from report.report
inner join core.snapshot on report.accepted_order >= snapshot.accepted_order
order by report.report_id asc, snapshot.kind asc, snapshot.accepted_order desc;
comment on view report.used_snapshot is
'The snapshot of each kind that a report uses: the one that was current at the position to which it is pinned.';
grant select on report.used_snapshot to store_uptime_reader, store_uptime_writer;

-- core.file alone says of which kind a file is ----------------------------------------------------------------------

create or replace function core.bridging_polls(kept_from date)
returns table (store_key bigint, polled_at timestamptz, file_id integer, part_no smallint, is_active boolean)
language plpgsql stable set search_path = pg_catalog as $$
#variable_conflict use_column
declare
    kept_from_at timestamptz := kept_from::timestamp at time zone 'UTC';
    oldest_pin bigint;
begin
    select min(report.accepted_order) into oldest_pin
    from report.report
    where report.as_of - interval '168 hours' >= kept_from_at;
    if oldest_pin is null then
        select max(acceptance.accepted_order) into oldest_pin from core.acceptance;
    end if;
    return query
        select early_poll.store_key, early_poll.polled_at, early_poll.file_id, early_poll.part_no, early_poll.is_active
        from (
            select
                poll.store_key,
                poll.polled_at,
                poll.file_id,
                poll.part_no,
                poll.is_active,
                accepted_file.visible_from,
                min(accepted_file.visible_from) over (
                    partition by poll.store_key
                    order by poll.polled_at desc, poll.file_id desc, poll.part_no desc
                    rows between unbounded preceding and 1 preceding
                ) as hidden_from
            from core.poll
            left join (
                select
                    acceptance.file_id,
                    greatest(min(acceptance.accepted_order), oldest_pin) as visible_from
                from core.acceptance
                group by acceptance.file_id
            ) as accepted_file on accepted_file.file_id = poll.file_id
            where poll.polled_at < kept_from_at
        ) as early_poll
        where
            early_poll.visible_from is null
            or early_poll.hidden_from is null
            or early_poll.visible_from < early_poll.hidden_from;
end
$$;

drop index core.acceptance_by_kind;
alter table core.acceptance drop column kind;
create index acceptance_by_file on core.acceptance (file_id);
comment on table core.acceptance is
'The log of files becoming visible; a report is pinned to a position in it. core.snapshot has the snapshots.';
comment on column core.file.state is
'loading: some of its partitions are not loaded; staged: its rows are loaded, no report may use them; accepted: '
'validated; rejected: its rows are deleted; forgotten: a snapshot that was replaced, its rows were deleted by an '
'earlier version.';
