-- name: add
-- A new subscription.
--
-- writes  delivery.subscription
-- yields  its id
-- binds   template_id, name, recipients, cron, timezone, period, send_when, wait_hours, is_paused, next_due_at,
--         changed_by, changed_at
insert into delivery.subscription (
    template_id, name, recipients, cron, timezone, period, send_when, wait_hours, is_paused, next_due_at, changed_by,
    changed_at
)
values (
    :template_id, :name, cast(:recipients as text[]), :cron, :timezone, :period, :send_when, :wait_hours, :is_paused,
    :next_due_at, :changed_by, :changed_at
)
returning subscription_id;

-- name: change
-- Replaces what a subscription sends, to whom and when.
--
-- writes  delivery.subscription
-- yields  its id; none for one that nobody has
-- binds   subscription_id, template_id, name, recipients, cron, timezone, period, send_when, wait_hours, is_paused,
--         next_due_at, changed_by, changed_at
update delivery.subscription
set
    template_id = :template_id,
    name = :name,
    recipients = cast(:recipients as text[]),
    cron = :cron,
    timezone = :timezone,
    period = :period,
    send_when = :send_when,
    wait_hours = :wait_hours,
    is_paused = :is_paused,
    next_due_at = :next_due_at,
    changed_by = :changed_by,
    changed_at = :changed_at
where subscription_id = :subscription_id
returning subscription_id;

-- name: delete
-- Deletes a subscription, with its log and what it has not sent yet.
--
-- writes  delivery.subscription, delivery, message
-- yields  its id; none for one that nobody has
-- binds   subscription_id
delete from delivery.subscription
where subscription_id = :subscription_id
returning subscription_id;

-- name: request_test
-- Asks for a test, which goes to all recipients.
--
-- writes  delivery.subscription
-- yields  its id; none for one that nobody has
-- binds   subscription_id, requested_by, requested_at
update delivery.subscription
set test_requested_by = :requested_by, test_requested_at = :requested_at
where subscription_id = :subscription_id
returning subscription_id;

-- name: list
-- All subscriptions by name, each with its template; or the one with an id.
--
-- reads   delivery.subscription, template
-- yields  one row per subscription
-- binds   subscription_id (null: all)
select
    subscription.*,
    template.name as template_name,
    template.answer,
    template.formats,
    template.period as rows_by,
    template.grouped_by,
    template.scope_kind,
    template.scope_name,
    template.column_names
from delivery.subscription
inner join delivery.template on subscription.template_id = template.template_id
where cast(:subscription_id as bigint) is null or subscription.subscription_id = :subscription_id
order by subscription.name collate "C";

-- name: take_due
-- Subscriptions that are due, each for one planner only.
--
-- reads   delivery.subscription
-- locks   the rows, until the transaction ends; those that another planner has are left out
-- yields  one row per subscription
-- binds   clock
select
    subscription_id,
    cron,
    timezone,
    period,
    wait_hours,
    next_due_at
from delivery.subscription
where next_due_at <= :clock and not is_paused
order by subscription_id
for update skip locked;

-- name: plan_next
-- When a subscription is due next.
--
-- writes  delivery.subscription.next_due_at
-- binds   subscription_id, next_due_at
update delivery.subscription
set next_due_at = :next_due_at
where subscription_id = :subscription_id;

-- name: take_test
-- A subscription of which somebody wants a test; for one task only.
--
-- reads   delivery.subscription
-- locks   the row, until the transaction ends
-- yields  the id, or nothing
select subscription_id
from delivery.subscription
where test_requested_at is not null
order by test_requested_at
limit 1
for update skip locked;

-- name: finish_test
-- Nobody waits for a test any more.
--
-- writes  delivery.subscription
-- binds   subscription_id
update delivery.subscription
set test_requested_at = null, test_requested_by = null
where subscription_id = :subscription_id;
