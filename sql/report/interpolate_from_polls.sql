-- What the polls themselves say about each store in the reported week: for reports with a max_gap, and for reports
-- that are run again after later files were accepted.
--
-- reads   report.store, core.poll, core.file, core.acceptance
-- writes  report.observed_status, one row per store of the shard
-- binds   report_id, accepted_order, week_start, as_of, max_gap, shard, shards
--
-- A poll vouches for the time up to the next one, and for max_gap at most; the first one of all also backwards. Of
-- several polls of one instant the last in (file_id, part_no) counts. Files that the report does not rest on are
-- hidden.
with hidden as materialized (
    select array_agg(file.file_id) as file_ids
    from core.file
    where
        file.kind = 'store_status'
        and not exists (
            select
            from core.acceptance
            where
                acceptance.file_id = file.file_id
                and acceptance.accepted_order <= :accepted_order
        )
),

visible_poll as not materialized (
    select
        poll.store_key,
        poll.polled_at,
        poll.file_id,
        poll.part_no,
        poll.is_active
    from core.poll
    where poll.file_id <> all(coalesce((select hidden.file_ids from hidden), '{}'))
)

insert into report.observed_status (report_id, store_key, known_time, active_time)
select
    :report_id,
    store.store_key,
    coalesce(observed.known_time, '{}'),
    coalesce(observed.active_time, '{}')
from report.store
cross join lateral (
    select
        range_agg(vouched.utc_range) as known_time,
        range_agg(vouched.utc_range) filter (where vouched.is_active) as active_time
    from (
        select
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
                seen.polled_at,
                seen.is_active,
                lead(seen.polled_at) over (order by seen.polled_at, seen.file_id, seen.part_no) as next_polled_at
            from (
                (
                    select *
                    from visible_poll as earlier
                    where earlier.store_key = store.store_key and earlier.polled_at <= :week_start
                    order by earlier.polled_at desc, earlier.file_id desc, earlier.part_no desc
                    limit 1
                )
                union all
                select *
                from visible_poll as later
                where
                    later.store_key = store.store_key
                    and later.polled_at > :week_start
                    and later.polled_at <= :as_of
            ) as seen
        ) as standing_poll
        where standing_poll.next_polled_at is distinct from standing_poll.polled_at
        window in_time as (order by standing_poll.polled_at)
    ) as vouched
) as observed
where
    store.report_id = :report_id
    and (:shards = 1 or (store.store_key % :shards + :shards) % :shards = :shard)
