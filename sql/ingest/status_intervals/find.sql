-- The status intervals of each store with new polls, from its earliest new poll on.
--
-- reads   core.polled_store, core.poll, core.file, core.status_interval (the interval before that poll)
-- writes  core.status_interval, one row per poll whose status differs from the poll before
-- binds   file_ids
--
-- Store by store along the primary key, so that the polls of a day cost no more than that day. Of several polls of one
-- instant the last one counts: the one that no poll of the same instant follows (see core.poll). Polls of files that
-- are not accepted do not count. Candidates are all polls that may differ from the one that counts before them; the few
-- that are left are then compared with it. The interval before ends where the new polls begin (cut): that is its key.
insert into core.status_interval (store_key, started_at, holds_from, holds_until, is_active)
select
    arrival.store_key,
    found.started_at,
    case when found.is_first and interval_before.store_key is null then '-infinity' else found.started_at end,
    found.holds_until,
    found.is_active
from (
    select
        polled_store.store_key,
        min(polled_store.first_polled_at) as since
    from core.polled_store
    where polled_store.file_id = any(:file_ids) and polled_store.first_polled_at is not null
    group by polled_store.store_key
) as arrival
left join lateral (
    select
        status_interval.store_key,
        bool_and(status_interval.is_active) as is_active
    from core.status_interval
    where status_interval.store_key = arrival.store_key and status_interval.holds_until = arrival.since
    group by status_interval.store_key
) as interval_before on arrival.store_key = interval_before.store_key
inner join lateral (
    select
        change.store_key,
        change.polled_at as started_at,
        change.is_active,
        lag(change.polled_at) over in_time is null as is_first,
        lead(change.polled_at, 1, 'infinity') over in_time as holds_until
    from (
        select
            candidate.store_key,
            candidate.polled_at,
            candidate.is_active,
            lag(candidate.is_active, 1, interval_before.is_active) over (
                partition by candidate.store_key
                order by candidate.polled_at
            ) as was_active
        from (
            select
                poll.store_key,
                poll.polled_at,
                poll.is_active,
                lead(poll.polled_at) over in_order as next_polled_at,
                lag(poll.polled_at) over in_order as previous_polled_at,
                lag(poll.is_active) over in_order as was_active
            from core.poll
            where
                poll.store_key = arrival.store_key
                and poll.utc_day >= cast(arrival.since at time zone 'UTC' as date)
                and poll.polled_at >= arrival.since
                and poll.file_id <> all(
                    array(select file_id from core.file where kind = 'store_status' and state <> 'accepted')
                )
            window in_order as (
                partition by poll.store_key
                order by poll.polled_at, poll.file_id, poll.row_no, poll.position
            )
        ) as candidate
        where
            candidate.next_polled_at is distinct from candidate.polled_at
            and (
                candidate.was_active is distinct from candidate.is_active
                or candidate.previous_polled_at = candidate.polled_at
            )
    ) as change
    where change.is_active is distinct from change.was_active
    window in_time as (partition by change.store_key order by change.polled_at)
) as found on arrival.store_key = found.store_key
