-- name: add
-- A new rule.
--
-- writes  delivery.rule
-- yields  its id
-- binds   name, scope_kind, scope_name, grouped_by, events, recipients, timezone, quiet_from, quiet_until,
--         digest_minutes, hourly_cap, inactive_polls, least_minutes, grace_minutes, group_percent, stale_hours,
--         is_paused, changed_by, changed_at
insert into delivery.rule (
    name, scope_kind, scope_name, grouped_by, events, recipients, timezone, quiet_from, quiet_until, digest_minutes,
    hourly_cap, inactive_polls, least_minutes, grace_minutes, group_percent, stale_hours, is_paused, since_at,
    changed_by, changed_at
)
values (
    :name, :scope_kind, :scope_name, :grouped_by, cast(:events as text[]), cast(:recipients as text[]), :timezone,
    cast(:quiet_from as time), cast(:quiet_until as time), :digest_minutes, :hourly_cap, :inactive_polls,
    :least_minutes, :grace_minutes, :group_percent, :stale_hours, :is_paused, :changed_at, :changed_by, :changed_at
)
returning rule_id;

-- name: change
-- Replaces what a rule tells, and to whom. What was over while it was paused is not told.
--
-- writes  delivery.rule
-- yields  its id; none for one that nobody has
-- binds   rule_id, and those of add
update delivery.rule
set
    name = :name,
    scope_kind = :scope_kind,
    scope_name = :scope_name,
    grouped_by = :grouped_by,
    events = cast(:events as text[]),
    recipients = cast(:recipients as text[]),
    timezone = :timezone,
    quiet_from = cast(:quiet_from as time),
    quiet_until = cast(:quiet_until as time),
    digest_minutes = :digest_minutes,
    hourly_cap = :hourly_cap,
    inactive_polls = :inactive_polls,
    least_minutes = :least_minutes,
    grace_minutes = :grace_minutes,
    group_percent = :group_percent,
    stale_hours = :stale_hours,
    since_at = case when is_paused then :changed_at else since_at end,
    seen_settlement_id = null,
    is_paused = :is_paused,
    changed_by = :changed_by,
    changed_at = :changed_at
where rule_id = :rule_id
returning rule_id;

-- name: delete
-- Deletes a rule, with what it has noticed.
--
-- writes  delivery.rule, notice
-- yields  its id; none for one that nobody has
-- binds   rule_id
delete from delivery.rule
where rule_id = :rule_id
returning rule_id;

-- name: list
-- All rules by name, or the one with an id.
--
-- reads   delivery.rule
-- yields  one row per rule
-- binds   rule_id (null: all)
select *
from delivery.rule
where cast(:rule_id as bigint) is null or rule_id = :rule_id
order by name collate "C";

-- name: mark_seen
-- Events were looked for in a settlement.
--
-- writes  delivery.rule.seen_settlement_id
-- binds   rule_id, settlement_id
update delivery.rule
set seen_settlement_id = :settlement_id
where rule_id = :rule_id;

-- name: take
-- The next rule that is not paused, for one task only.
--
-- reads   delivery.rule
-- locks   the row, until the transaction ends
-- yields  the rule, or nothing
-- binds   after (an id)
select *
from delivery.rule
where rule_id > :after and not is_paused
order by rule_id
limit 1
for update skip locked;
