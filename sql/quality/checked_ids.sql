-- What Great Expectations checks before anything is accepted: whether the ids of a new hours or zones file fit those of
-- the polls, and the stores of the snapshot that it replaces; and whether status files, new ones among them, have ids
-- that a spreadsheet rounded.
--
-- reads   report.report, report.source_file, core.file, core.acceptance, core.snapshot, core.store,
--         core.snapshot_store, core.polled_store
-- yields  one row per hours or zones file that was not accepted before the DAG run, if there are polls; and one for all
--         status files together, if some of them were not and rounded ids have polls
-- binds   report_id
--
-- It becomes a temporary table, so it has to begin with `select`. Ids are text: two that differ by case, or by blanks
-- around them, are two stores, though hardly ever meant to be. Neither are those whose leading zeros a tool has cut, or
-- to which it has added .0, quotes or braces: by_meaning has ids together that may be of one store. A spreadsheet keeps
-- 15 digits of a number, so long ids that it saved end in zeros, or are like 1.48197E+18. Shares are of the smaller
-- side: of many stores only some may have polls, or hours.
select checked_ids.*
from (
    with new_file as materialized (
        select
            file.file_id,
            file.kind,
            source_file.name as file,
            current_snapshot.file_id as replaced_file_id
        from report.report
        inner join report.source_file using (report_id)
        inner join core.file using (file_id)
        left join (
            select distinct on (snapshot.kind)
                snapshot.kind,
                snapshot.file_id
            from core.snapshot
            inner join core.acceptance using (accepted_order)
            inner join report.report as own_report on own_report.report_id = cast(:report_id as uuid)
            where acceptance.accepted_at < own_report.created_at
            order by snapshot.kind asc, snapshot.accepted_order desc
        ) as current_snapshot on file.kind = current_snapshot.kind
        left join core.acceptance as earlier
            on file.file_id = earlier.file_id and earlier.accepted_at < report.created_at
        where
            report.report_id = cast(:report_id as uuid)
            and file.kind in ('business_hours', 'store_timezones')
            and earlier.file_id is null
    ),

    -- Each id is looked at once.
    known_store as materialized (
        select
            store.store_key,
            store.store_id,
            lower(btrim(store.store_id, E' \t\u00a0\u202f')) as spelling,
            -- Only few ids end so: the pattern takes longer than the rest.
            (right(store.store_id, 4) = '0000' or lower(left(right(store.store_id, 4), 2)) = 'e+')
            and store.store_id ~* '^([0-9]{12,}0000|[0-9]([.,][0-9]+)?e[+][0-9]{2})$' as is_rounded,
            store.polled_from is not null or polled.store_key is not null as is_polled,
            snapshot.file_ids
        from core.store
        left join (
            select polled_store.store_key
            from core.polled_store
            group by polled_store.store_key
        ) as polled on store.store_key = polled.store_key
        left join (
            select
                snapshot_store.store_key,
                array_agg(snapshot_store.file_id) as file_ids
            from core.snapshot_store
            where
                snapshot_store.file_id in (
                    select new_file.file_id
                    from new_file
                    union all
                    select new_file.replaced_file_id
                    from new_file
                )
            group by snapshot_store.store_key
        ) as snapshot on store.store_key = snapshot.store_key
    )

    select
        by_meaning.file_id,
        by_meaning.file,
        cast(sum(by_meaning.stores) as bigint) as stores,
        cast(sum(by_meaning.polled_stores) as bigint) as polled_stores,
        cast(sum(by_meaning.common_stores) as bigint) as common_stores,
        coalesce(
            min(by_meaning.example) filter (where by_meaning.polled_stores > 0 and by_meaning.common_stores = 0),
            min(by_meaning.example)
        ) as example,
        cast(sum(by_meaning.common_spellings) as double precision) as common_spellings,
        cast(
            100.0 * sum(by_meaning.common_spellings)
            / nullif(least(sum(by_meaning.named_spellings), sum(by_meaning.polled_spellings)), 0) as double precision
        ) as common_percent,
        cast(
            count(*) filter (
                where by_meaning.stores > 0 and by_meaning.polled_stores > 0 and by_meaning.common_stores = 0
            ) as double precision
        ) as stores_in_other_spelling,
        cast(100.0 * sum(by_meaning.rounded_stores) / nullif(sum(by_meaning.stores), 0) as double precision)
            as rounded_percent,
        min(by_meaning.rounded_example) as rounded_example,
        cast(sum(by_meaning.lost_stores) as double precision) as lost_stores,
        min(by_meaning.lost_example) as lost_example,
        cast(sum(by_meaning.lost_hours) as bigint) as lost_hours,
        cast(100.0 * sum(by_meaning.lost_hours) / nullif(sum(by_meaning.hours_before), 0) as double precision)
            as lost_hours_percent
    from (
        select
            by_spelling.file_id,
            by_spelling.file,
            sum(by_spelling.stores) as stores,
            sum(by_spelling.polled_stores) as polled_stores,
            sum(by_spelling.common_stores) as common_stores,
            count(*) filter (where by_spelling.stores > 0) as named_spellings,
            count(*) filter (where by_spelling.polled_stores > 0) as polled_spellings,
            count(*) filter (where by_spelling.stores > 0 and by_spelling.polled_stores > 0) as common_spellings,
            sum(by_spelling.rounded_stores) as rounded_stores,
            sum(by_spelling.lost_stores) as lost_stores,
            sum(by_spelling.hours_before) as hours_before,
            sum(by_spelling.lost_hours) as lost_hours,
            min(by_spelling.example) as example,
            min(by_spelling.rounded_example) as rounded_example,
            min(by_spelling.lost_example) as lost_example
        from (
            select
                store.file_id,
                store.file,
                store.spelling,
                count(*) filter (where store.is_named) as stores,
                count(*) filter (where store.is_polled) as polled_stores,
                count(*) filter (where store.is_named and store.is_polled) as common_stores,
                count(*) filter (where store.is_named and store.is_rounded) as rounded_stores,
                count(*) filter (where store.is_replaced and not store.is_named and store.is_polled) as lost_stores,
                count(*) filter (where store.is_replaced and store.kind = 'business_hours') as hours_before,
                count(*) filter (
                    where store.is_replaced and store.kind = 'business_hours' and not store.is_named
                ) as lost_hours,
                min(store.store_id collate "C") filter (where store.is_named) as example,
                min(store.store_id collate "C") filter (where store.is_named and store.is_rounded) as rounded_example,
                min(store.store_id collate "C") filter (
                    where store.is_replaced and not store.is_named and store.is_polled
                ) as lost_example
            from (
                select
                    new_file.file_id,
                    new_file.kind,
                    new_file.file,
                    known_store.*,
                    coalesce(new_file.file_id = any(known_store.file_ids), false) as is_named,
                    coalesce(new_file.replaced_file_id = any(known_store.file_ids), false) as is_replaced
                from known_store
                cross join new_file
            ) as store
            group by store.file_id, store.file, store.spelling
        ) as by_spelling
        group by
            by_spelling.file_id,
            by_spelling.file,
            case
                -- Other ids stay as they are: the pattern takes longer than the rest.
                when
                    strpos('0"''={}', left(by_spelling.spelling, 1)) > 0
                    or strpos('"''={}', right(by_spelling.spelling, 1)) > 0
                    or right(by_spelling.spelling, 2) = '.0'
                    then regexp_replace(btrim(by_spelling.spelling, '"''={}'), '^0+(?=[0-9])|[.]0$', '', 'g')
                else by_spelling.spelling
            end
    ) as by_meaning
    group by by_meaning.file_id, by_meaning.file
    having sum(by_meaning.polled_stores) > 0 and sum(by_meaning.stores) > 0
    union all
    select
        cast(null as integer) as file_id,
        'status files' as file,
        count(*) as stores,
        count(*) as polled_stores,
        cast(null as bigint) as common_stores,
        min(store.store_id collate "C") as example,
        cast(null as double precision) as common_spellings,
        cast(null as double precision) as common_percent,
        cast(null as double precision) as stores_in_other_spelling,
        cast(100.0 * count(*) filter (where store.is_rounded) / count(*) as double precision) as rounded_percent,
        min(store.store_id collate "C") filter (where store.is_rounded) as rounded_example,
        cast(null as double precision) as lost_stores,
        cast(null as text) as lost_example,
        cast(null as bigint) as lost_hours,
        cast(null as double precision) as lost_hours_percent
    from known_store as store
    cross join (
        select count(*) as files
        from report.report
        inner join report.source_file using (report_id)
        inner join core.file using (file_id)
        left join core.acceptance as earlier
            on file.file_id = earlier.file_id and earlier.accepted_at < report.created_at
        where
            report.report_id = cast(:report_id as uuid)
            and file.kind = 'store_status'
            and earlier.file_id is null
    ) as new_status
    where new_status.files > 0 and store.is_polled
    having count(*) filter (where store.is_rounded) > 0
) as checked_ids
order by checked_ids.file_id
