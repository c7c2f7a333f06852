-- subscriptions, and the outbox of everything that is sent -----------------------------------------------------------

create schema delivery;

create table delivery.template (
    template_id bigint generated always as identity primary key,
    name text not null unique,
    answer text not null check (answer in ('report', 'availability', 'outages', 'breaches')),
    formats text[] not null check (cardinality(formats) > 0),
    period text not null check (period in ('range', 'day', 'week', 'month', 'quarter', 'year')),
    grouped_by text not null,
    scope_kind text not null,
    scope_name text not null,
    column_names text[],
    changed_by text not null,
    changed_at timestamptz not null
);
comment on table delivery.template is 'A named selection of figures, and the formats in which it is sent.';
comment on column delivery.template.period is 'What a row is about in a delivery''s period; range: all of it.';
comment on column delivery.template.grouped_by is 'As by of availability: store, all, or a kind of group.';
comment on column delivery.template.scope_kind is 'With scope_name: whose figures; (all, all) for all stores.';
comment on column delivery.template.column_names is 'The columns, in this order; null: all of the answer.';

create table delivery.subscription (
    subscription_id bigint generated always as identity primary key,
    template_id bigint not null references delivery.template,
    name text not null unique,
    recipients text[] not null check (cardinality(recipients) > 0),
    cron text not null,
    timezone text not null,
    period text not null check (period in ('day', 'week', 'month', 'quarter', 'year')),
    send_when text not null check (send_when in ('always', 'breach', 'change')),
    wait_hours integer not null check (wait_hours >= 0),
    is_paused boolean not null default false,
    next_due_at timestamptz,
    test_requested_at timestamptz,
    test_requested_by text,
    changed_by text not null,
    changed_at timestamptz not null
);
create index subscription_by_template on delivery.subscription (template_id);
comment on table delivery.subscription is 'Sends a template to recipients at a local time.';
comment on column delivery.subscription.recipients is
'Mail addresses, URLs of webhooks, and connections of Airflow (connection:id).';
comment on column delivery.subscription.period is 'What is sent: the previous complete one on the clock of timezone.';
comment on column delivery.subscription.wait_hours is 'How long a delivery waits for final figures.';
comment on column delivery.subscription.next_due_at is 'When it is due next; null: never again.';
comment on column delivery.subscription.test_requested_at is 'Since when somebody waits for a test; null: nobody.';

create table delivery.delivery (
    delivery_id bigint generated always as identity primary key,
    subscription_id bigint not null references delivery.subscription on delete cascade,
    period text not null,
    from_date date not null,
    until_date date not null,
    due_at timestamptz not null,
    deadline_at timestamptz not null,
    state text not null default 'waiting' check (state in ('waiting', 'rendered', 'skipped', 'failed')),
    is_provisional boolean,
    settlement_id integer,
    finished_at timestamptz,
    reason text,
    unique (subscription_id, period)
);
create index delivery_waiting on delivery.delivery (delivery_id) where state = 'waiting';
comment on table delivery.delivery is
'What a subscription sends of a period: there is one, whatever is killed or retried.';
comment on column delivery.delivery.deadline_at is 'Until when it waits for final figures.';
comment on column delivery.delivery.settlement_id is 'The settlement by which it was judged last.';
comment on column delivery.delivery.reason is 'Why it waits, was skipped or has failed.';

create table delivery.file (
    content_sha256 text primary key,
    content bytea not null,
    created_at timestamptz not null
);
comment on table delivery.file is 'What is attached to messages; the same content once.';

create table delivery.message (
    message_id uuid primary key,
    source text not null,
    recipient text not null,
    delivery_id bigint references delivery.delivery on delete cascade,
    destination text not null,
    subject text not null,
    body_text text not null,
    body_html text,
    payload jsonb,
    files jsonb not null default '[]',
    state text not null default 'queued' check (state in ('queued', 'sent', 'given_up')),
    attempts integer not null default 0,
    created_at timestamptz not null,
    next_attempt_at timestamptz not null,
    give_up_at timestamptz not null,
    sent_at timestamptz,
    error text,
    unique (source, recipient)
);
create index message_queued on delivery.message (attempts, next_attempt_at, message_id) where state = 'queued';
create index message_by_delivery on delivery.message (delivery_id);
comment on table delivery.message is
'The outbox: a row is a message to one recipient. It is sent and marked as sent by the same transaction.';
comment on column delivery.message.message_id is 'Follows from source and recipient: Message-ID and Idempotency-Key.';
comment on column delivery.message.source is 'What it is about, such as subscription:3:2023-W04: told once.';
comment on column delivery.message.destination is 'What has to answer: a mail server, a host, or a connection.';
comment on column delivery.message.payload is 'What webhooks get; null: subject and text.';
comment on column delivery.message.files is 'Attachments: name, media_type, content_sha256, and whether it is_picture.';

create table delivery.outbox (
    is_only_row boolean primary key default true check (is_only_row),
    is_paused boolean not null,
    reason text,
    changed_at timestamptz
);
insert into delivery.outbox (is_paused) values (false);
comment on table delivery.outbox is 'Whether messages are sent. A restored database waits until somebody says go.';

-- rights --------------------------------------------------------------------------------------------------------------

do $$
begin
    perform pg_advisory_xact_lock(hashtextextended('store_uptime roles', 0));
    if not exists (select from pg_roles where rolname = 'store_uptime_editor') then
        create role store_uptime_editor nologin;
    end if;
end
$$;
grant store_uptime_editor to current_user; -- noqa: PRS
grant usage on schema delivery to store_uptime_reader, store_uptime_writer, store_uptime_editor;
grant select on all tables in schema delivery to store_uptime_reader;
grant select, insert, update, delete on all tables in schema delivery to store_uptime_writer;
grant select, insert, update, delete on delivery.template, delivery.subscription to store_uptime_editor;
