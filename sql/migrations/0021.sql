-- anomalies: what hours of days were like, and what is unusual about them ---------------------------------------------

alter table history.settlement add has_hours boolean not null default false;
comment on column history.settlement.has_hours is 'Whether the hours of its days were settled too.';

create table history.day_hours (
    store_key bigint not null,
    local_date date not null,
    end_hour integer not null,
    is_special boolean not null,
    polls integer not null,
    changes integer not null,
    open bytea not null,
    down bytea not null,
    unknown bytea not null,
    primary key (store_key, local_date)
);
create index day_hours_by_date on history.day_hours using brin (local_date);
comment on table history.day_hours is
'The hours of every day: how much of each UTC clock hour was open, down and unknown, in parts of 15 seconds, a byte '
'each.';
comment on column history.day_hours.end_hour is
'UTC clock hours from 1970 to the end of the date: the last of its bytes is the hour before.';
comment on column history.day_hours.is_special is 'Whether special hours hold for openings that start on the date.';
comment on column history.day_hours.changes is 'How many of its polls say something else than the one before.';

create table history.new_day_hours (like history.day_hours including comments);
alter table history.new_day_hours add primary key (store_key, local_date);
comment on table history.new_day_hours is 'Rows for history.day_hours.';

create table history.judged_date (
    local_date date not null primary key,
    settlement_id integer not null,
    judged_at timestamptz not null,
    tests integer not null
);
comment on table history.judged_date is 'The dates for which anomalies were looked for, all stores at once.';
comment on column history.judged_date.settlement_id is
'What was settled then: a date is judged again if days up to it were restated since.';
comment on column history.judged_date.tests is
'How many probabilities the q-values of its anomalies were adjusted for.';

create table history.anomaly (
    local_date date not null,
    anomaly_no integer not null,
    kind text not null check (kind in ('downtime', 'opened_late', 'closed_early', 'common_cause', 'data')),
    store_key bigint,
    group_kind text,
    group_name text,
    observed double precision not null,
    expected double precision not null,
    score double precision not null,
    days integer not null,
    is_weekly boolean not null,
    observed_of_days double precision not null,
    expected_of_days double precision not null,
    fault text check (fault in ('missing', 'doubled', 'frozen')),
    begin_hour integer,
    end_hour integer,
    stores integer not null,
    of_stores integer not null,
    primary key (local_date, anomaly_no),
    check ((store_key is null) = (group_kind is not null)),
    check ((group_kind is null) = (group_name is null))
);
comment on table history.anomaly is
'What was unusual about a store, or a group (the kind all: all stores), on a date.';
comment on column history.anomaly.observed is 'Hours, of polls their number, on the date; as expected.';
comment on column history.anomaly.score is
'The q-value by Benjamini and Hochberg over all that was tested of the date.';
comment on column history.anomaly.days is
'How many days up to the date were looked at together; with is_weekly how many of its weekday.';
comment on column history.anomaly.begin_hour is
'Of a common cause, its first UTC clock hour since 1970; end_hour is the first one after it.';
comment on column history.anomaly.stores is
'Of a common cause: how many stores were down at once, of of_stores that were open.';

grant select on history.day_hours, history.new_day_hours, history.judged_date, history.anomaly
to store_uptime_reader, store_uptime_writer;
grant insert, update, delete on history.day_hours, history.judged_date, history.anomaly to store_uptime_writer;
grant insert, update, delete, truncate on history.new_day_hours to store_uptime_writer;
