-- What Great Expectations checks before anything is accepted: the files of a DAG run, and earlier ones that a report is
-- going to rest on as well.
--
-- reads   report.report, report.source_file, report.report_file, core.file, core.acceptance, core.poll_day, core.poll,
--         core.store, core.snapshot, core.group_member, core.special_hours, core.planned_downtime, core.target
-- yields  one row per file that the DAG run brought, one per needed kind that it has no file of, one per small status
--         file from before with unusable rows (the newest hundred), and one for all other status files from before
-- binds   report_id
--
-- It becomes a temporary table, so it has to begin with `select`. The usual size of a status file is the median of the
-- last eight from before; only files that are new in this DAG run are compared with it, and only if there are three.
--
-- Of polls of one store and instant in two of the new files the one in the later file counts. To find those that
-- differ, only days are read for which two rows have polls in the same time: a row is of one file.
select checked_file.*
from (
    with brought as (
        select
            source_file.file_id,
            source_file.name,
            file.kind,
            file.rows_read,
            file.rows_quarantined,
            file.rows_replaced,
            file.tolerated
        from report.source_file
        inner join core.file using (file_id)
        where source_file.report_id = cast(:report_id as uuid)
    ),

    earlier as (
        select
            report_file.file_id,
            report_file.name,
            file.rows_read,
            file.rows_quarantined,
            row_number() over (
                partition by file.rows_read < 100 and file.rows_quarantined > 0
                order by file.file_id desc
            ) <= 100 and file.rows_read < 100 and file.rows_quarantined > 0 as is_named
        from report.report_file
        inner join core.file using (file_id)
        left join brought on report_file.file_id = brought.file_id
        where
            report_file.report_id = cast(:report_id as uuid)
            and file.kind = 'store_status'
            and brought.file_id is null
    ),

    new_polls as (
        select
            count(*) as files,
            cast(min(file.first_polled_at) at time zone 'UTC' as date) as first_day,
            cast(max(file.last_polled_at) at time zone 'UTC' as date) as last_day
        from brought
        inner join core.file on brought.file_id = file.file_id
        where brought.kind = 'store_status'
    ),

    shared_day as (
        select
            following.store_key,
            following.utc_day
        from (
            select
                poll_day.store_key,
                poll_day.utc_day,
                poll_day.first_polled_at,
                max(poll_day.last_polled_at) over (
                    partition by poll_day.store_key
                    order by poll_day.first_polled_at, poll_day.file_id
                    rows between unbounded preceding and 1 preceding
                ) as last_before
            from core.poll_day
            where
                (select new_polls.files from new_polls) > 1
                and poll_day.utc_day >= (select new_polls.first_day from new_polls)
                and poll_day.utc_day <= (select new_polls.last_day from new_polls)
                and poll_day.file_id in (select brought.file_id from brought)
        ) as following
        where following.first_polled_at <= following.last_before
        group by following.store_key, following.utc_day
    ),

    contradicted as materialized (
        select
            contradiction.file_id,
            cast(count(*) as double precision) as polls,
            min(
                store.store_id || ' at ' || to_char(contradiction.polled_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
            ) as example
        from (
            select
                poll.store_key,
                poll.polled_at,
                max(poll.file_id) as file_id
            from core.poll
            inner join shared_day on poll.store_key = shared_day.store_key and poll.utc_day = shared_day.utc_day
            where poll.file_id in (select brought.file_id from brought)
            group by poll.store_key, poll.polled_at
            having bool_or(poll.is_active) and not bool_and(poll.is_active)
        ) as contradiction
        inner join core.store on contradiction.store_key = store.store_key
        group by contradiction.file_id
    ),

    usual as (
        select
            case when count(*) >= 3 then
                nullif(percentile_cont(0.5) within group (order by rows_read - rows_quarantined), 0)
            end as usable_rows
        from (
            select
                rows_read,
                rows_quarantined
            from earlier
            order by file_id desc
            limit 8
        ) as last_file
    ),

    unknown_group as materialized (
        select
            scope.file_id,
            cast(count(*) as double precision) as rows,
            min(scope.group_kind || ' ' || scope.group_name collate "C") as example
        from (
            select
                file_id,
                group_kind,
                group_name
            from core.special_hours
            where group_kind <> 'timezone' and file_id in (select brought.file_id from brought)
            union all
            select
                file_id,
                group_kind,
                group_name
            from core.planned_downtime
            where group_kind <> 'timezone' and file_id in (select brought.file_id from brought)
            union all
            select
                file_id,
                group_kind,
                group_name
            from core.target
            where group_kind <> 'timezone' and file_id in (select brought.file_id from brought)
        ) as scope
        where not exists (
            select
            from core.group_member
            where
                group_member.file_id = coalesce(
                    (select brought.file_id from brought where brought.kind = 'store_groups'),
                    (
                        select snapshot.file_id
                        from core.snapshot
                        where snapshot.kind = 'store_groups'
                        order by snapshot.accepted_order desc
                        limit 1
                    )
                )
                and group_member.kind = scope.group_kind
                and group_member.name = scope.group_name
        )
        group by scope.file_id
    ),

    run_file as (
        select * from brought
        union all
        select
            file_id,
            name,
            'store_status',
            rows_read,
            rows_quarantined,
            0,
            '{}'
        from earlier
        where is_named
        union all
        select
            null,
            'status files from before: ' || count(*),
            'store_status',
            cast(sum(rows_read) as bigint),
            cast(sum(rows_quarantined) as bigint),
            0,
            '{}'
        from earlier
        where not is_named
        having count(*) > 0
    )

    select
        run_file.file_id,
        coalesce(run_file.name, kind.kind) as file,
        kind.kind,
        run_file.name is not null or accepted.kind is not null as is_loaded,
        coalesce(run_file.rows_read, 0) as rows_read,
        coalesce(run_file.rows_quarantined, 0) as rows_quarantined,
        cast(coalesce(run_file.rows_quarantined, 0) as double precision) as unusable_rows,
        case when not kind.is_optional then run_file.rows_read - run_file.rows_quarantined end as usable_rows,
        case
            when
                run_file.rows_read >= 100
                and run_file.file_id is not null
                and not kind.is_optional
                and (entry.accepted_at is null or entry.accepted_at >= report.created_at)
                then
                cast(100.0 * run_file.rows_quarantined / nullif(run_file.rows_read, 0) as double precision)
        end as unusable_percent,
        case
            when run_file.rows_read < 100 and run_file.file_id is not null and not kind.is_optional then
                cast(100.0 * run_file.rows_quarantined / nullif(run_file.rows_read, 0) as double precision)
        end as unusable_percent_of_few,
        case
            when kind.is_optional then
                cast(100.0 * run_file.rows_quarantined / nullif(run_file.rows_read, 0) as double precision)
        end as unusable_percent_of_optional,
        coalesce(unknown_group.rows, 0) as unknown_group_rows,
        unknown_group.example as unknown_group,
        case
            when kind.kind = 'store_status' and row_number() over (partition by kind.kind order by run_file.file_id) = 1
                then cardinality(report.unread_files)
        end as unread_files,
        array_to_string(report.unread_files, ', ') as unread_names,
        spelled.tolerated,
        run_file.tolerated = '{}' as is_as_documented,
        run_file.tolerated -> 'weekdays without a 0' is null as has_all_weekdays,
        case when kind.kind = 'store_timezones' then coalesce(run_file.rows_replaced, 0) else 0 end
            as replaced_zone_rows,
        case
            when
                run_file.kind = 'store_status'
                and run_file.file_id is not null
                and (entry.accepted_at is null or entry.accepted_at >= report.created_at)
                then
                100.0 * (run_file.rows_read - run_file.rows_quarantined) / usual.usable_rows
        end as percent_of_usual_rows,
        coalesce(contradicted.polls, 0) as contradicted_polls,
        contradicted.example as contradiction
    from (
        select
            coalesce(needed.kind, found.kind) as kind,
            needed.kind is null as is_optional
        from (values ('store_status'), ('business_hours'), ('store_timezones')) as needed (kind)
        full join (select distinct run_file.kind from run_file) as found on needed.kind = found.kind
    ) as kind
    inner join report.report on report.report_id = cast(:report_id as uuid)
    cross join usual
    left join run_file on kind.kind = run_file.kind
    left join (
        select file.kind
        from core.file
        where file.state = 'accepted'
        group by file.kind
    ) as accepted on kind.kind = accepted.kind
    left join lateral (
        select
            string_agg(spelling.key || ' (' || spelling.value || ')', ', ' order by spelling.key collate "C")
                as tolerated
        from jsonb_each_text(run_file.tolerated) as spelling
    ) as spelled on true
    left join contradicted on run_file.file_id = contradicted.file_id
    left join unknown_group on run_file.file_id = unknown_group.file_id
    left join lateral (
        select min(acceptance.accepted_at) as accepted_at
        from core.acceptance
        where acceptance.file_id = run_file.file_id
    ) as entry on true
    order by run_file.file_id
) as checked_file
