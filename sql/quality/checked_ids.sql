-- What Great Expectations checks before anything is accepted: whether the ids of a new hours or zones file fit those of
-- the polls, and the stores of the snapshot that it replaces.
--
-- reads   report.report, report.source_file, core.file, core.acceptance, core.store, core.snapshot_store,
--         core.polled_store
-- yields  one row per hours or zones file that was not accepted before the DAG run, if there are polls
-- binds   report_id
--
-- It becomes a temporary table, so it has to begin with `select`. Ids are text: two that differ by case, or by blanks
-- around them, are two stores, though hardly ever meant to be. A spreadsheet keeps 15 digits of a number, so long ids
-- that it saved end in zeros. Shares are of the smaller side: of many stores only some may have polls, or hours.
select
    by_spelling.file_id,
    by_spelling.file,
    cast(sum(by_spelling.stores) as bigint) as stores,
    cast(sum(by_spelling.polled_stores) as bigint) as polled_stores,
    cast(sum(by_spelling.common_stores) as bigint) as common_stores,
    coalesce(
        min(by_spelling.example) filter (where by_spelling.polled_stores > 0 and by_spelling.common_stores = 0),
        min(by_spelling.example)
    ) as example,
    cast(
        count(*) filter (where by_spelling.stores > 0 and by_spelling.polled_stores > 0) as double precision
    ) as common_spellings,
    cast(
        100.0 * count(*) filter (where by_spelling.stores > 0 and by_spelling.polled_stores > 0) / nullif(
            least(
                count(*) filter (where by_spelling.stores > 0), count(*) filter (where by_spelling.polled_stores > 0)
            ),
            0
        ) as double precision
    ) as common_percent,
    cast(
        count(*) filter (
            where by_spelling.stores > 0 and by_spelling.polled_stores > 0 and by_spelling.common_stores = 0
        ) as double precision
    ) as stores_in_other_spelling,
    cast(100.0 * sum(by_spelling.rounded_stores) / nullif(sum(by_spelling.stores), 0) as double precision)
        as rounded_percent,
    cast(sum(by_spelling.lost_stores) as double precision) as lost_stores,
    min(by_spelling.lost_example) as lost_example
from (
    select
        new_file.file_id,
        new_file.file,
        lower(btrim(store.store_id)) as spelling,
        count(named.store_key) as stores,
        count(*) filter (where store.polled_from is not null or polled.store_key is not null) as polled_stores,
        count(named.store_key) filter (
            where store.polled_from is not null or polled.store_key is not null
        ) as common_stores,
        count(named.store_key) filter (where store.store_id ~ '^[0-9]{12,}0000$') as rounded_stores,
        count(replaced.store_key) filter (
            where named.store_key is null and (store.polled_from is not null or polled.store_key is not null)
        ) as lost_stores,
        min(store.store_id collate "C") filter (where named.store_key is not null) as example,
        min(store.store_id collate "C") filter (
            where
                replaced.store_key is not null
                and named.store_key is null
                and (store.polled_from is not null or polled.store_key is not null)
        ) as lost_example
    from core.store
    cross join (
        select
            file.file_id,
            source_file.name as file,
            current_snapshot.file_id as replaced_file_id
        from report.report
        inner join report.source_file using (report_id)
        inner join core.file using (file_id)
        left join (
            select distinct on (acceptance.kind)
                acceptance.kind,
                acceptance.file_id
            from core.acceptance
            inner join report.report as own_report on own_report.report_id = cast(:report_id as uuid)
            where acceptance.accepted_at < own_report.created_at
            order by acceptance.kind asc, acceptance.accepted_order desc
        ) as current_snapshot on file.kind = current_snapshot.kind
        left join core.acceptance as earlier
            on file.file_id = earlier.file_id and earlier.accepted_at < report.created_at
        where
            report.report_id = cast(:report_id as uuid)
            and file.kind <> 'store_status'
            and earlier.file_id is null
    ) as new_file
    left join core.snapshot_store as named
        on store.store_key = named.store_key and new_file.file_id = named.file_id
    left join core.snapshot_store as replaced
        on store.store_key = replaced.store_key and new_file.replaced_file_id = replaced.file_id
    left join (
        select store_key
        from core.polled_store
        group by store_key
    ) as polled on store.store_key = polled.store_key
    group by new_file.file_id, new_file.file, lower(btrim(store.store_id))
) as by_spelling
group by by_spelling.file_id, by_spelling.file
having sum(by_spelling.polled_stores) > 0 and sum(by_spelling.stores) > 0
order by by_spelling.file_id
