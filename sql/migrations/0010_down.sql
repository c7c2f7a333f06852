-- The columns have their old places: the time of acceptance stood after the kind.
alter table core.acceptance
add column kind text check (kind in ('store_status', 'business_hours', 'store_timezones')),
add column moved_at timestamptz;
update core.acceptance
set kind = file.kind, moved_at = acceptance.accepted_at
from core.file
where acceptance.file_id = file.file_id;
alter table core.acceptance drop column accepted_at;
alter table core.acceptance rename column moved_at to accepted_at;
alter table core.acceptance alter column kind set not null, alter column accepted_at set not null;
drop index core.acceptance_by_file;
create index acceptance_by_kind on core.acceptance (kind, accepted_order desc);

alter table report.report
add column business_hours_file_id integer references core.file,
add column store_timezones_file_id integer references core.file;
update report.report
set
    business_hours_file_id = (
        select used_snapshot.file_id
        from report.used_snapshot
        where used_snapshot.report_id = report.report_id and used_snapshot.kind = 'business_hours'
    ),
    store_timezones_file_id = (
        select used_snapshot.file_id
        from report.used_snapshot
        where used_snapshot.report_id = report.report_id and used_snapshot.kind = 'store_timezones'
    );
drop view report.used_snapshot;
drop table core.snapshot;

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
                where acceptance.kind = 'store_status'
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
