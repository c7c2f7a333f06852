-- Whether files only continue the accepted ones: their polls are later than all others, each file's than those of the
-- ones before, and their intervals are staged.
--
-- reads   core.file
-- binds   file_ids (just accepted)
select bool_and(arrival.has_intervals and arrival.first_polled_at > greatest(arrival.last_before, known.last_polled_at))
    as can_append
from (
    select
        has_intervals,
        first_polled_at,
        coalesce(
            max(last_polled_at) over (
                order by first_polled_at, file_id
                rows between unbounded preceding and 1 preceding
            ),
            '-infinity'
        ) as last_before
    from core.file
    where file_id = any(:file_ids) and first_polled_at is not null
) as arrival
cross join (
    select max(last_polled_at) as last_polled_at
    from core.file
    where kind = 'store_status' and state = 'accepted' and file_id <> all(:file_ids)
) as known
