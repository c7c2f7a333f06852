-- When each store's status is known, and when it is active, in the reported week: from the polls themselves.
--
-- reads   report.store, core.poll, core.file, core.acceptance
-- writes  report.observed_status, one row per store of the shard
-- binds   report_id, accepted_order, week_start, as_of, max_gap, shard, shards
--
-- For reports with a max_gap, and for those that run again after later files were accepted. A poll covers the time up
-- to the next one, but max_gap at most; the first poll of all also covers the time before it. Of several polls of one
-- instant the last one counts (see core.poll). Files that were accepted after the report was pinned do not count.
--
-- Only the days of the week are unnested, and that of the last poll before it. `distinct on` the one store that is
-- looked up stops at its first row, as `limit 1` would, which Citus refuses here (decision 1).
insert into report.observed_status (report_id, store_key, known_time, active_time)
select
    :report_id,
    store.store_key,
    coalesce(observed.known_time, '{}'),
    coalesce(observed.active_time, '{}')
from report.store
left join lateral (
    select distinct on (earlier.store_key)
        earlier.store_key,
        earlier.utc_day
    from core.poll as earlier
    where
        earlier.store_key = store.store_key
        and earlier.utc_day <= cast(cast(:week_start as timestamptz) at time zone 'UTC' as date)
        and earlier.polled_at <= :week_start
        and earlier.file_id <> all(
            array(
                select file.file_id
                from core.file
                left join core.acceptance
                    on file.file_id = acceptance.file_id and acceptance.accepted_order <= :accepted_order
                where file.kind = 'store_status' and acceptance.file_id is null
            )
        )
    order by earlier.store_key asc, earlier.utc_day desc
) as poll_before on store.store_key = poll_before.store_key
left join lateral (
    select
        covered.store_key,
        range_agg(covered.utc_range) as known_time,
        range_agg(covered.utc_range) filter (where covered.is_active) as active_time
    from (
        select
            standing_poll.store_key,
            standing_poll.is_active,
            tstzrange(
                greatest(
                    case
                        when lag(standing_poll.polled_at) over in_time is not null then standing_poll.polled_at
                        else coalesce(standing_poll.polled_at - cast(:max_gap as interval), '-infinity')
                    end,
                    :week_start
                ),
                greatest(
                    least(
                        coalesce(standing_poll.polled_at + cast(:max_gap as interval), 'infinity'),
                        lead(standing_poll.polled_at, 1, :as_of) over in_time
                    ),
                    :week_start
                )
            ) as utc_range
        from (
            select
                poll.store_key,
                poll.polled_at,
                poll.is_active,
                lead(poll.polled_at) over (
                    partition by poll.store_key
                    order by poll.polled_at, poll.file_id, poll.row_no, poll.position
                ) as next_polled_at
            from core.poll
            where
                poll.store_key = store.store_key
                and poll.utc_day >= coalesce(
                    poll_before.utc_day, cast(cast(:week_start as timestamptz) at time zone 'UTC' as date)
                )
                and poll.utc_day <= cast(cast(:as_of as timestamptz) at time zone 'UTC' as date)
                and poll.polled_at <= :as_of
                and poll.file_id <> all(
                    array(
                        select file.file_id
                        from core.file
                        left join core.acceptance
                            on file.file_id = acceptance.file_id and acceptance.accepted_order <= :accepted_order
                        where file.kind = 'store_status' and acceptance.file_id is null
                    )
                )
        ) as standing_poll
        where standing_poll.next_polled_at is distinct from standing_poll.polled_at
        window in_time as (partition by standing_poll.store_key order by standing_poll.polled_at)
    ) as covered
    group by covered.store_key
) as observed on store.store_key = observed.store_key
where
    store.report_id = :report_id
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
