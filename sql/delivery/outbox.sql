-- name: add
-- A message to one recipient. What was told to it already is not told again.
--
-- writes  delivery.message
-- binds   message_id, source, recipient, delivery_id, destination, subject, body_text, body_html, payload, files,
--         created_at, give_up_at
insert into delivery.message (
    message_id, source, recipient, delivery_id, destination, subject, body_text, body_html, payload, files, created_at,
    next_attempt_at, give_up_at
)
values (
    :message_id, :source, :recipient, :delivery_id, :destination, :subject, :body_text, :body_html,
    cast(:payload as jsonb), cast(:files as jsonb), :created_at, :created_at, :give_up_at
)
on conflict (source, recipient) do nothing;

-- name: add_file
-- Content that messages attach; where it is there already, it is as if it were new.
--
-- writes  delivery.file
-- binds   content_sha256, content, created_at
insert into delivery.file (content_sha256, content, created_at)
values (:content_sha256, :content, :created_at)
on conflict (content_sha256) do update set created_at = excluded.created_at;

-- name: renew_file
-- Content that is there already, as if it were new: it is large, and need not be sent to the server again.
--
-- writes  delivery.file
-- yields  its hash; none if it is not there
-- binds   content_sha256, created_at
update delivery.file
set created_at = :created_at
where content_sha256 = :content_sha256
returning content_sha256;

-- name: read_file
-- The content of an attachment, in base 64.
--
-- reads   delivery.file
-- binds   content_sha256
select encode(content, 'base64') as content
from delivery.file
where content_sha256 = :content_sha256;

-- name: state
-- Whether messages are sent.
--
-- reads   delivery.outbox
-- yields  one row
select
    is_paused,
    reason,
    changed_at
from delivery.outbox;

-- name: pause
-- Holds all messages back until somebody says go.
--
-- writes  delivery.outbox
-- binds   reason, clock
update delivery.outbox
set is_paused = true, reason = :reason, changed_at = :clock;

-- name: resume
-- Messages are sent again.
--
-- writes  delivery.outbox
-- yields  a row if they were held back
-- binds   clock
update delivery.outbox
set is_paused = false, reason = null, changed_at = :clock
where is_paused
returning is_paused;

-- name: renew
-- Messages that were held back are tried from now on.
--
-- writes  delivery.message
-- binds   clock, give_up_at
update delivery.message
set next_attempt_at = :clock, give_up_at = :give_up_at
where state = 'queued';

-- name: take
-- The next message to send, for one sender only: first what was tried least.
--
-- reads   delivery.message
-- locks   the row, until the transaction ends; one that another sender has is left out
-- yields  the message, or nothing
-- binds   clock, left_out (destinations that do not answer), source (null: any)
select
    message_id,
    recipient,
    destination,
    subject,
    body_text,
    body_html,
    payload,
    files,
    attempts,
    created_at,
    give_up_at
from delivery.message
where
    state = 'queued'
    and next_attempt_at <= :clock
    and destination <> all(cast(:left_out as text[]))
    and (cast(:source as text) is null or source = :source)
order by attempts, next_attempt_at, message_id
limit 1
for update skip locked;

-- name: mark_sent
-- The recipient has it.
--
-- writes  delivery.message
-- binds   message_id, clock
update delivery.message
set state = 'sent', sent_at = :clock, attempts = attempts + 1, error = null
where message_id = :message_id;

-- name: put_off
-- It could not be sent, and is tried again.
--
-- writes  delivery.message
-- binds   message_id, next_attempt_at, error
update delivery.message
set attempts = attempts + 1, next_attempt_at = :next_attempt_at, error = :error
where message_id = :message_id;

-- name: mark_given_up
-- It is not tried any more.
--
-- writes  delivery.message
-- binds   message_id, attempts, error
update delivery.message
set state = 'given_up', attempts = :attempts, error = :error
where message_id = :message_id;

-- name: count
-- Messages by state.
--
-- reads   delivery.message
-- yields  one row per state
select
    state,
    count(*) as messages
from delivery.message
group by state
order by state;
