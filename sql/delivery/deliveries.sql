-- name: add
-- What a subscription sends of a period. Where it is planned or sent already, nothing happens.
--
-- writes  delivery.delivery
-- binds   subscription_id, period, from_date, until_date, due_at, deadline_at
insert into delivery.delivery (subscription_id, period, from_date, until_date, due_at, deadline_at)
values (:subscription_id, :period, :from_date, :until_date, :due_at, :deadline_at)
on conflict (subscription_id, period) do nothing;

-- name: take
-- The next delivery to look at, for one task only: it waits, and days were settled since, or it waits no longer.
--
-- reads   delivery.delivery
-- locks   the row, until the transaction ends; one that another task has is left out
-- yields  the delivery, or nothing
-- binds   after (an id), settlement_id (the newest one), clock
select
    delivery_id,
    subscription_id,
    period,
    from_date,
    until_date,
    deadline_at
from delivery.delivery
where
    state = 'waiting'
    and delivery_id > :after
    and (settlement_id is distinct from cast(:settlement_id as integer) or deadline_at <= :clock)
order by delivery_id
limit 1
for update skip locked;

-- name: keep_waiting
-- It was judged by a settlement, and goes on to wait.
--
-- writes  delivery.delivery
-- binds   delivery_id, settlement_id, reason
update delivery.delivery
set settlement_id = :settlement_id, reason = :reason
where delivery_id = :delivery_id;

-- name: finish
-- It does not wait any more: its messages are in the outbox, or there will be none.
--
-- writes  delivery.delivery
-- binds   delivery_id, state, is_provisional, settlement_id, reason, clock
update delivery.delivery
set
    state = :state,
    is_provisional = :is_provisional,
    settlement_id = :settlement_id,
    reason = :reason,
    finished_at = :clock
where delivery_id = :delivery_id;

-- name: list
-- The log of a subscription, newest first, with what became of its messages.
--
-- reads   delivery.delivery, message
-- yields  one row for each delivery and recipient; recipient is null where there is no message
-- binds   subscription_id, before (an id), deliveries (how many)
select
    delivery.delivery_id,
    delivery.period,
    delivery.from_date,
    delivery.until_date,
    delivery.due_at,
    delivery.deadline_at,
    delivery.state,
    delivery.is_provisional,
    delivery.finished_at,
    delivery.reason,
    message.recipient,
    message.state as message_state,
    message.attempts,
    message.next_attempt_at,
    message.sent_at,
    message.error
from (
    select *
    from delivery.delivery
    where subscription_id = :subscription_id and delivery_id < :before
    order by delivery_id desc
    limit :deliveries
) as delivery
left join delivery.message on delivery.delivery_id = message.delivery_id
order by delivery.delivery_id desc, message.recipient collate "C" asc;

-- name: last_of_each
-- The newest delivery of every subscription, with the states of its messages.
--
-- reads   delivery.delivery, message
-- yields  one row per subscription that has one
select
    newest.subscription_id,
    newest.period,
    newest.state,
    newest.reason,
    count(message.message_id) as messages,
    count(message.message_id) filter (where message.state = 'sent') as sent,
    count(message.message_id) filter (where message.state = 'given_up') as given_up
from (
    select distinct on (subscription_id) *
    from delivery.delivery
    order by subscription_id asc, delivery_id desc
) as newest
left join delivery.message on newest.delivery_id = message.delivery_id
group by newest.subscription_id, newest.period, newest.state, newest.reason
order by newest.subscription_id;
