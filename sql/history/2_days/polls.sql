-- The polls of stores, a row for each of core.poll_day.
--
-- reads   history.new_store, history.new_carry, core.poll_day
-- binds   as_of, later_file_ids (their polls do not exist), first_key, last_key, shard, shards
--
-- From the day of the last poll before from_at on, as in report/3_interpolate; from the end of the last downtime before
-- on, if active polls came after it that did not end the outage but may now. Nothing is unnested here: the arrays go as
-- they are.
copy (
    select
        store.store_key,
        day.file_id,
        day.row_no,
        day.instants,
        day.statuses,
        day.file_ids
    from history.new_store as store
    left join history.new_carry as carry
        on
            store.store_key = carry.store_key
            and carry.outage_ended_before is null
            and carry.last_active_at >= carry.outage_down_until
    left join lateral (
        select distinct on (earlier.store_key)
            earlier.store_key,
            earlier.utc_day
        from core.poll_day as earlier
        where
            earlier.store_key = store.store_key
            and earlier.utc_day <= cast(store.from_at at time zone 'UTC' as date)
            and earlier.first_polled_at < store.from_at
            and not coalesce(earlier.file_ids, array[earlier.file_id])
            && cast(%(later_file_ids)s as integer[])
        order by earlier.store_key asc, earlier.utc_day desc
    ) as poll_before on store.store_key = poll_before.store_key
    inner join core.poll_day as day
        on
            store.store_key = day.store_key
            and day.utc_day >= least(
                coalesce(poll_before.utc_day, cast(store.first_polled_at at time zone 'UTC' as date)),
                cast(carry.outage_down_until at time zone 'UTC' as date)
            )
            and day.utc_day <= cast(cast(%(as_of)s as timestamptz) at time zone 'UTC' as date)
    where
        store.store_key between %(first_key)s and %(last_key)s
        and store.from_date is not null
        and (%(shards)s = 1 or mod(mod(store.store_key, %(shards)s) + %(shards)s, %(shards)s) = %(shard)s)
) to stdout (format "binary")
