-- Requested stores that no visible file names.
--
-- reads   report.report, report.used_snapshot, core.store, core.snapshot_store
-- yields  one store_id per store
-- binds   report_id
with known as materialized (
    select
        store.store_key,
        store.store_id
    from core.store
    inner join report.report on report.report_id = :report_id and store.store_id = any(report.store_ids)
    left join core.snapshot_store
        on
            store.store_key = snapshot_store.store_key
            and snapshot_store.file_id in (
                select used_snapshot.file_id
                from report.used_snapshot
                where used_snapshot.report_id = :report_id
            )
    where store.polled_from <= report.accepted_order or snapshot_store.store_key is not null
    group by store.store_key, store.store_id
)

select requested.store_id
from (
    select unnest(report.store_ids) as store_id
    from report.report
    where report.report_id = :report_id
) as requested
left join known on requested.store_id = known.store_id
where known.store_id is null
order by requested.store_id collate "C"
