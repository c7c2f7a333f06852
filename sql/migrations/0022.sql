-- notifications about stores ------------------------------------------------------------------------------------------

create table delivery.rule (
    rule_id bigint generated always as identity primary key,
    name text not null unique,
    scope_kind text not null,
    scope_name text not null,
    grouped_by text not null,
    events text[] not null check (cardinality(events) > 0),
    recipients text[] not null check (cardinality(recipients) > 0),
    timezone text not null,
    quiet_from time,
    quiet_until time,
    digest_minutes integer not null check (digest_minutes >= 0),
    hourly_cap integer not null check (hourly_cap > 0),
    inactive_polls integer not null check (inactive_polls > 0),
    least_minutes integer not null check (least_minutes >= 0),
    grace_minutes integer not null check (grace_minutes >= 0),
    group_percent integer not null check (group_percent between 1 and 100),
    stale_hours integer not null check (stale_hours > 0),
    is_paused boolean not null default false,
    since_at timestamptz not null,
    seen_settlement_id integer,
    changed_by text not null,
    changed_at timestamptz not null,
    check ((quiet_from is null) = (quiet_until is null))
);
comment on table delivery.rule is 'Which events of a scope are told to whom.';
comment on column delivery.rule.grouped_by is 'Whose budgets and shares are watched: all, store, or a kind of group.';
comment on column delivery.rule.quiet_from is 'With quiet_until: when nothing is told, on the clock of timezone.';
comment on column delivery.rule.digest_minutes is 'How long events are collected; 0: each is told at once.';
comment on column delivery.rule.hourly_cap is 'Messages an hour; the last one says how many events are left out.';
comment on column delivery.rule.seen_settlement_id is 'The settlement in which events were looked for last.';
comment on column delivery.rule.since_at is 'Events that were over before are not told.';

create table delivery.notice (
    notice_id bigint generated always as identity primary key,
    rule_id bigint not null references delivery.rule on delete cascade,
    kind text not null,
    phase text not null check (phase in ('begun', 'ended')),
    scope text not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    line text not null,
    noticed_at timestamptz not null,
    told_at timestamptz,
    unique (rule_id, kind, phase, scope, started_at)
);
create index notice_pending on delivery.notice (rule_id) where told_at is null;
comment on table delivery.notice is 'An event of a rule, or its end: told once.';
comment on column delivery.notice.ended_at is 'Up to when it is known; of a notice that began it, so far.';
comment on column delivery.notice.line is 'What is told of it.';

grant select on delivery.rule, delivery.notice to store_uptime_reader;
grant select, insert, update, delete on delivery.rule, delivery.notice to store_uptime_writer;
grant select, insert, update, delete on delivery.rule to store_uptime_editor;
