-- The polls of one store within a time, oldest first. Of several at one instant the last one counts (see core.poll).
--
-- reads   core.poll, core.acceptance
-- yields  one row for each poll
-- binds   store_key, accepted_order (files after it do not exist), from_at, to_at (not included), poll_rows
select distinct on (poll.polled_at)
    poll.polled_at,
    poll.is_active
from core.poll
inner join core.acceptance on poll.file_id = acceptance.file_id
where
    poll.store_key = :store_key
    and acceptance.accepted_order <= :accepted_order
    and poll.utc_day between cast(cast(:from_at as timestamptz) at time zone 'UTC' as date)
    and cast(cast(:to_at as timestamptz) at time zone 'UTC' as date)
    and poll.polled_at >= :from_at
    and poll.polled_at < :to_at
order by poll.polled_at asc, poll.file_id desc, poll.row_no desc, poll.position desc
limit :poll_rows
