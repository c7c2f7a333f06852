-- The stores of a report, each with the zone it is read in.
--
-- reads   core.store, core.snapshot_store, core.store_timezone, core.business_hours
-- writes  report.store, one row per store of the shard
-- binds   report_id, accepted_order, business_hours_file_id, store_timezones_file_id, store_ids, default_timezone,
--         shard, shards
--
-- A store belongs to the report if an accepted status file, the hours or the zones snapshot names it, even in an
-- unusable row. It has hours if it has an opening, or a row that says *closed*.
--
-- Without an order, so that each node of Citus finds and writes the stores of its own. One server goes through
-- core.store in any case, which files have filled in the order of the key. Without a file of hours or zones joins are
-- with 0, which no file has: of one with null PostgreSQL leaves nothing, and then Citus no longer sees by what rows are
-- joined.
insert into report.store (report_id, store_key, store_id, timezone, has_timezone, has_business_hours)
select
    :report_id,
    store.store_key,
    store.store_id,
    coalesce(store_timezone.timezone, :default_timezone),
    store_timezone.timezone is not null,
    opening.store_key is not null or coalesce(hours_row.has_closed_rows, false)
from core.store
left join core.snapshot_store as hours_row
    on
        hours_row.file_id = coalesce(cast(:business_hours_file_id as integer), 0)
        and store.store_key = hours_row.store_key
left join core.snapshot_store as zone_row
    on
        zone_row.file_id = coalesce(cast(:store_timezones_file_id as integer), 0)
        and store.store_key = zone_row.store_key
left join core.store_timezone
    on
        store_timezone.file_id = coalesce(cast(:store_timezones_file_id as integer), 0)
        and store.store_key = store_timezone.store_key
left join lateral (
    select business_hours.store_key
    from core.business_hours
    where
        business_hours.file_id = coalesce(cast(:business_hours_file_id as integer), 0)
        and business_hours.store_key = store.store_key
    group by business_hours.store_key
) as opening on store.store_key = opening.store_key
where
    (
        store.polled_from <= :accepted_order
        or hours_row.store_key is not null
        or zone_row.store_key is not null
    )
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
    and (cast(:store_ids as text[]) is null or store.store_id = any(:store_ids))
