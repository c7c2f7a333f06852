-- name: last
-- The last poll of a store up to an instant, with the file that it is from.
--
-- reads   core.poll, core.acceptance, core.file
-- yields  one row at most
-- binds   store_key, until, accepted_order (files after it do not exist)
select
    poll.polled_at,
    poll.is_active,
    file.name as file_name,
    file.content_sha256,
    acceptance.accepted_order,
    acceptance.accepted_at
from core.poll
inner join core.acceptance on poll.file_id = acceptance.file_id
inner join core.file on poll.file_id = file.file_id
where
    poll.store_key = :store_key
    and poll.utc_day <= cast(cast(:until as timestamptz) at time zone 'UTC' as date)
    and poll.polled_at <= :until
    and acceptance.accepted_order <= :accepted_order
order by poll.utc_day desc, poll.polled_at desc, poll.file_id desc, poll.row_no desc, poll.position desc
limit 1;

-- name: first
-- The first poll of a store, with the file that it is from.
--
-- reads   core.poll, core.acceptance, core.file
-- yields  one row at most
-- binds   store_key, accepted_order (files after it do not exist)
select
    poll.polled_at,
    poll.is_active,
    file.name as file_name,
    file.content_sha256,
    acceptance.accepted_order,
    acceptance.accepted_at
from core.poll
inner join core.acceptance on poll.file_id = acceptance.file_id
inner join core.file on poll.file_id = file.file_id
where poll.store_key = :store_key and acceptance.accepted_order <= :accepted_order
order by poll.utc_day asc, poll.polled_at asc, poll.file_id desc, poll.row_no desc, poll.position desc
limit 1;
