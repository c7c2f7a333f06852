-- Whether files only continue the accepted ones: their polls are later than all others, and their intervals are staged.
--
-- reads   core.file
-- binds   file_ids (just accepted)
select
    bool_and(
        arrival.has_intervals
        and not exists (
            select
            from core.file as other
            where
                other.kind = 'store_status'
                and other.state = 'accepted'
                and other.file_id <> arrival.file_id
                and other.last_polled_at >= arrival.first_polled_at
                and (other.file_id <> all(:file_ids) or other.first_polled_at <= arrival.last_polled_at)
        )
    ) as can_append
from core.file as arrival
where arrival.file_id = any(:file_ids) and arrival.first_polled_at is not null
