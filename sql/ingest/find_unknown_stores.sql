-- Stores asked for that no visible file names.
--
-- reads   report.report, core.store, core.snapshot_store
-- binds   report_id
select asked.store_id
from report.report
cross join unnest(report.store_ids) as asked (store_id)
where
    report.report_id = :report_id
    and not exists (
        select
        from core.store
        where
            store.store_id = asked.store_id
            and (
                store.polled_from <= report.accepted_order
                or exists (
                    select
                    from core.snapshot_store
                    where
                        snapshot_store.store_key = store.store_key
                        and snapshot_store.file_id in (report.business_hours_file_id, report.store_timezones_file_id)
                )
            )
    )
order by asked.store_id collate "C"
