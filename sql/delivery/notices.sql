-- name: add
-- An event, or its end. What is noticed already is not noticed again.
--
-- writes  delivery.notice
-- binds   rule_id, kind, phase, scope, started_at, ended_at, line, clock, told_at (null: to be told)
insert into delivery.notice (rule_id, kind, phase, scope, started_at, ended_at, line, noticed_at, told_at)
values (:rule_id, :kind, :phase, :scope, :started_at, :ended_at, :line, :clock, :told_at)
on conflict (rule_id, kind, phase, scope, started_at) do nothing;

-- name: list
-- What a rule has noticed of a kind, from an instant on or still open: an event without an end.
--
-- reads   delivery.notice
-- yields  one row for each event; is_ended says whether its end was noticed
-- binds   rule_id, kind, from_at
select
    begun.notice_id,
    begun.scope,
    begun.started_at,
    begun.ended_at,
    ended.notice_id is not null as is_ended
from delivery.notice as begun
left join delivery.notice as ended
    on
        begun.rule_id = ended.rule_id
        and begun.kind = ended.kind
        and begun.scope = ended.scope
        and begun.started_at = ended.started_at
        and ended.phase = 'ended'
where
    begun.rule_id = :rule_id
    and begun.kind = :kind
    and begun.phase = 'begun'
    and (ended.notice_id is null or begun.ended_at >= :from_at)
order by begun.scope collate "C" asc, begun.started_at asc;

-- name: extend
-- Up to when an event is known.
--
-- writes  delivery.notice.ended_at
-- binds   notice_id, ended_at
update delivery.notice
set ended_at = :ended_at
where notice_id = :notice_id;

-- name: pending
-- What a rule has to tell, in the order in which it happened.
--
-- reads   delivery.notice
-- yields  one row for each notice
-- binds   rule_id
select
    notice_id,
    kind,
    phase,
    scope,
    started_at,
    ended_at,
    line,
    noticed_at
from delivery.notice
where rule_id = :rule_id and told_at is null
order by started_at, phase, scope collate "C", notice_id;

-- name: mark_told
-- These are in the outbox.
--
-- writes  delivery.notice.told_at, source
-- binds   notice_ids, clock, source (of the messages)
update delivery.notice
set told_at = :clock, source = :source
where notice_id = any(cast(:notice_ids as bigint[]));

-- name: count_told
-- How many messages of a rule were put into the outbox since an instant.
--
-- reads   delivery.message
-- yields  one row
-- binds   prefix (of their sources), since_at
select count(distinct source) as messages
from delivery.message
where starts_with(source, :prefix) and created_at > :since_at;

-- name: log
-- The log of a rule, newest first: what it noticed, and what became of the messages that told it.
--
-- reads   delivery.notice, message
-- yields  one row for each notice and recipient; recipient is null where there is no message
-- binds   rule_id, before (an id), notices (how many)
select
    notice.notice_id,
    notice.kind,
    notice.phase,
    notice.scope,
    notice.started_at,
    notice.ended_at,
    notice.line,
    notice.noticed_at,
    notice.told_at,
    message.subject,
    message.recipient,
    message.state as message_state,
    message.attempts,
    message.next_attempt_at,
    message.sent_at,
    message.error
from (
    select *
    from delivery.notice
    where rule_id = :rule_id and notice_id < :before
    order by notice_id desc
    limit :notices
) as notice
left join delivery.message on notice.source = message.source
order by notice.notice_id desc, message.recipient collate "C" asc;

-- name: count_by_rule
-- What each rule has told, and what it holds back.
--
-- reads   delivery.notice
-- yields  one row for each rule that has noticed something
-- binds   rule_id (null: all)
select
    rule_id,
    count(*) filter (where told_at is null) as held_back,
    min(noticed_at) filter (where told_at is null) as held_back_since,
    max(told_at) as last_told_at
from delivery.notice
where cast(:rule_id as bigint) is null or rule_id = :rule_id
group by rule_id
order by rule_id;
