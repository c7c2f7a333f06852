-- What the polls themselves say about each store in the reported week: for reports with a max_gap, and for reports
-- that are run again after later files were accepted.
--
-- reads   report.report, report.store, core.poll, core.file, core.acceptance
-- writes  report.observed_status, one row per store of the shard
-- binds   report_id, shard
--
-- A poll vouches for the time up to the next one, and for max_gap at most; the first one of all also backwards. Of
-- several polls of one instant the last in (file_id, part_no) counts. Files that the report does not rest on are hidden.
with hidden as materialized (
    select
        array(
            select file.file_id
            from core.file
            where
                file.kind = 'store_status'
                and not exists(
                    select
                    from core.acceptance
                    where
                        acceptance.file_id = file.file_id
                        and acceptance.accepted_order <= report.accepted_order
                )
        ) as file_ids
    from report.report
    where report.report_id = :report_id
)

insert into report.observed_status (report_id, store_key, known_time, active_time)
select
    report.report_id,
    store.store_key,
    coalesce(observed.known_time, '{}'),
    coalesce(observed.active_time, '{}')
from report.report
cross join hidden
inner join report.store using (report_id)
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
                        else coalesce(standing_poll.polled_at - report.max_gap, '-infinity')
                    end,
                    report.as_of - interval '168 hours'
                ),
                greatest(
                    least(
                        coalesce(standing_poll.polled_at + report.max_gap, 'infinity'),
                        lead(standing_poll.polled_at, 1, report.as_of) over in_time
                    ),
                    report.as_of - interval '168 hours'
                )
            ) as utc_range
        from (
            select
                seen.polled_at,
                seen.is_active,
                lead(seen.polled_at) over (order by seen.polled_at, seen.file_id, seen.part_no) as next_polled_at
            from (
                (
                    select
                        earlier.polled_at,
                        earlier.is_active,
                        earlier.file_id,
                        earlier.part_no
                    from core.poll as earlier
                    where
                        earlier.store_key = store.store_key
                        and earlier.polled_at <= report.as_of - interval '168 hours'
                        and earlier.file_id <> all(hidden.file_ids)
                    order by earlier.polled_at desc, earlier.file_id desc, earlier.part_no desc
                    limit 1
                )
                union all
                select
                    later.polled_at,
                    later.is_active,
                    later.file_id,
                    later.part_no
                from core.poll as later
                where
                    later.store_key = store.store_key
                    and later.polled_at > report.as_of - interval '168 hours'
                    and later.polled_at <= report.as_of
                    and later.file_id <> all(hidden.file_ids)
            ) as seen
        ) as standing_poll
        where standing_poll.next_polled_at is distinct from standing_poll.polled_at
        window in_time as (order by standing_poll.polled_at)
    ) as vouched
) as observed
where
    report.report_id = :report_id
    and (store.store_key % report.shards + report.shards) % report.shards = :shard
