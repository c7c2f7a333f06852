-- What Great Expectations checks before anything is accepted: the files of a DAG run.
--
-- reads   report.report, report.source_file, core.file, core.acceptance
-- yields  one row per file of the DAG run, and one per kind of input that it has no file of
-- binds   report_id
--
-- It becomes a temporary table, so it has to begin with `select`. The usual size of a status file is the median of the
-- last eight accepted before; only files that are new in this DAG run are compared with it, and only if there are
-- three.
select
    run_file.file_id,
    coalesce(source_file.name, kind.kind) as file,
    kind.kind,
    run_file.file_id is not null
    or exists (select from core.acceptance where acceptance.kind = kind.kind) as is_loaded,
    coalesce(run_file.rows_read, 0) as rows_read,
    coalesce(run_file.rows_quarantined, 0) as rows_quarantined,
    cast(coalesce(run_file.rows_quarantined, 0) as double precision) as unusable_rows,
    run_file.rows_read - run_file.rows_quarantined as usable_rows,
    case
        when run_file.rows_read >= 100 then
            cast(100.0 * run_file.rows_quarantined / nullif(run_file.rows_read, 0) as double precision)
    end as unusable_percent,
    case
        when run_file.rows_read < 100 then
            cast(100.0 * run_file.rows_quarantined / nullif(run_file.rows_read, 0) as double precision)
    end as unusable_percent_of_few,
    case when kind.kind = 'store_status' then cardinality(report.unread_files) end as unread_files,
    array_to_string(report.unread_files, ', ') as unread_names,
    (
        select string_agg(spelling.key || ' (' || spelling.value || ')', ', ' order by spelling.key collate "C")
        from jsonb_each_text(run_file.tolerated) as spelling
    ) as tolerated,
    run_file.tolerated = '{}' as is_as_documented,
    case when kind.kind = 'store_timezones' then coalesce(run_file.rows_replaced, 0) else 0 end as replaced_zone_rows,
    case
        when entry.accepted_at is null or entry.accepted_at >= report.created_at then
            100.0 * (run_file.rows_read - run_file.rows_quarantined) / usual.usable_rows
    end as percent_of_usual_rows
from (values ('store_status'), ('business_hours'), ('store_timezones')) as kind (kind)
inner join report.report on report.report_id = cast(:report_id as uuid)
left join (report.source_file inner join core.file as run_file using (file_id))
    on kind.kind = run_file.kind and report.report_id = source_file.report_id
left join lateral (
    select min(acceptance.accepted_at) as accepted_at
    from core.acceptance
    where acceptance.file_id = run_file.file_id
) as entry on true
left join lateral (
    select
        case when count(*) >= 3 then
            nullif(percentile_cont(0.5) within group (order by rows_read - rows_quarantined), 0)
        end as usable_rows
    from (
        select
            earlier.rows_read,
            earlier.rows_quarantined
        from core.file as earlier
        where
            run_file.kind = 'store_status'
            and earlier.kind = 'store_status'
            and earlier.state = 'accepted'
            and earlier.file_id < run_file.file_id
        order by earlier.file_id desc
        limit 8
    ) as earlier_file
) as usual on true
order by run_file.file_id
