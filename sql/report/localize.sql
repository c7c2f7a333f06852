-- The stores of a report, each with the zone it is read in.
--
-- reads   report.report, core.store, core.snapshot_store, core.store_timezone, core.business_hours
-- writes  report.store, one row per store of the shard
-- binds   report_id, shard, default_timezone
--
-- A store belongs to the report when an accepted status file, the hours or the zones snapshot names it, be it in a row
-- that cannot be used.
with member as (
    select store.store_key
    from report.report
    inner join core.store on report.accepted_order >= store.polled_from
    where report.report_id = :report_id
    union
    select snapshot_store.store_key
    from report.report
    inner join core.snapshot_store
        on snapshot_store.file_id in (report.business_hours_file_id, report.store_timezones_file_id)
    where report.report_id = :report_id
)

insert into report.store (report_id, store_key, store_id, timezone, has_timezone, has_business_hours)
select
    report.report_id,
    store.store_key,
    store.store_id,
    coalesce(store_timezone.timezone, :default_timezone),
    store_timezone.timezone is not null,
    exists(
        select
        from core.business_hours
        where
            business_hours.store_key = store.store_key
            and business_hours.file_id = report.business_hours_file_id
    )
from report.report
cross join member
inner join core.store on member.store_key = store.store_key
left join core.store_timezone
    on
        store.store_key = store_timezone.store_key
        and report.store_timezones_file_id = store_timezone.file_id
where
    report.report_id = :report_id
    and (store.store_key % report.shards + report.shards) % report.shards = :shard
    and (report.store_ids is null or store.store_id = any(report.store_ids))
