-- Takes planned downtime out of the open time of stores: nobody holds it against them.
--
-- reads   report.store, core.planned_downtime, core.group_member
-- writes  report.open_time.open_time, of stores with planned downtime in the reported week
-- binds   report_id, week_start, as_of, planned_downtime_file_id, store_groups_file_id, shard, shards; timezones,
--         utc_froms, utc_tos, utc_offset_seconds (of the same UTC spans with one offset, in the same order)
--
-- A time without a zone is read on the wall clock of each store. It starts as soon as the clock reads that much, which
-- is the first of two such times, or the change that skips it; and it ends when the clock no longer reads less: after
-- the last of two, or at the change. The spans are of the reported week and some days around it, since the other one of
-- two such times may be before the week. Rows that do not reach the week are left out before they are compared.
with zone_span as materialized (
    select
        listed.timezone,
        listed.utc_from,
        listed.utc_to,
        make_interval(secs => listed.utc_offset_seconds) as utc_offset
    from unnest(
        cast(:timezones as text[]),
        cast(:utc_froms as timestamptz[]),
        cast(:utc_tos as timestamptz[]),
        cast(:utc_offset_seconds as double precision[])
    ) as listed (timezone, utc_from, utc_to, utc_offset_seconds)
)

update report.open_time
set open_time = open_time.open_time - planned_store.planned_time
from (
    select
        bounded.store_key,
        range_agg(tstzrange(bounded.starts_at, bounded.ends_at)) as planned_time
    from (
        select
            applied.store_key,
            coalesce(
                applied.starts_at,
                min(greatest((applied.starts_local - zone_span.utc_offset) at time zone 'UTC', zone_span.utc_from))
                filter (where (applied.starts_local - zone_span.utc_offset) at time zone 'UTC' < zone_span.utc_to)
            ) as starts_at,
            case
                when applied.ends_local is null then coalesce(applied.ends_at, 'infinity')
                else
                    max(least((applied.ends_local - zone_span.utc_offset) at time zone 'UTC', zone_span.utc_to))
                    filter (where (applied.ends_local - zone_span.utc_offset) at time zone 'UTC' > zone_span.utc_from)
            end as ends_at
        from (
            select
                store.store_key,
                store.timezone,
                planned.line,
                planned.starts_at,
                planned.starts_local,
                planned.ends_at,
                planned.ends_local
            from report.store
            left join (
                select
                    store_id,
                    array_agg(kind) as kinds,
                    array_agg(name) as names
                from core.group_member
                where file_id = cast(:store_groups_file_id as integer)
                group by store_id
            ) as grouped on store.store_id = grouped.store_id
            cross join lateral unnest(
                array['store', 'all', 'timezone'] || grouped.kinds,
                array[store.store_id, 'all', store.timezone] || grouped.names
            ) as scope (kind, name)
            inner join (
                select
                    line,
                    starts_at,
                    starts_local,
                    ends_at,
                    ends_local,
                    case when store_id is not null then 'store' else coalesce(group_kind, 'all') end as kind,
                    coalesce(store_id, group_name, 'all') as name
                from core.planned_downtime
                where
                    file_id = :planned_downtime_file_id
                    and (starts_at is null or starts_at < :as_of)
                    and (
                        starts_local is null
                        or starts_local < cast(:as_of as timestamptz) at time zone 'UTC' + interval '2 days'
                    )
                    and (ends_at is null or ends_at > :week_start)
                    and (
                        ends_local is null
                        or ends_local > cast(:week_start as timestamptz) at time zone 'UTC' - interval '2 days'
                    )
            ) as planned on scope.kind = planned.kind and scope.name = planned.name
            where
                store.report_id = :report_id
                and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
        ) as applied
        inner join zone_span on applied.timezone = zone_span.timezone
        group by
            applied.store_key,
            applied.line,
            applied.starts_at,
            applied.starts_local,
            applied.ends_at,
            applied.ends_local
    ) as bounded
    where bounded.starts_at < bounded.ends_at
    group by bounded.store_key
) as planned_store
where open_time.report_id = :report_id and open_time.store_key = planned_store.store_key
