-- an end may be on the next date: 26:00 is 02:00 of the next -------------------------------------------------------

alter table core.business_hours alter column end_time_local type interval using end_time_local::interval;
alter table core.business_hours
add constraint business_hours_end_time_local_check check (
    end_time_local between interval '0' and interval '48 hours'
);
comment on column core.business_hours.end_time_local is
'Time since 00:00 of the date on which the opening starts, up to 48 hours; not after the start: on the next date.';

-- what snapshots say of their stores beside openings and zones -------------------------------------------------------

alter table core.snapshot_store
add column has_closed_rows boolean not null default false,
add column has_unusable_rows boolean not null default false;
comment on column core.snapshot_store.has_closed_rows is
'Whether rows of an hours file say that the store is closed on a day: it has hours then, even without an opening.';
comment on column core.snapshot_store.has_unusable_rows is 'Whether rows of the store are in quarantine.';

-- what was read although it is not spelled as documented -------------------------------------------------------------

alter table core.file add column tolerated jsonb not null default '{}';
alter table core.file_partition add column tolerated jsonb not null default '{}';
comment on column core.file.tolerated is 'What was read although it is not as documented: how often, by what it is.';
comment on column core.file_partition.tolerated is 'As of core.file, for the partition.';

alter table report.report add column unread_files text[] not null default '{}';
comment on column report.report.unread_files is
'Names of CSV files in the data folder that are not read, although their header fits an input.';

-- warnings in two tiers ----------------------------------------------------------------------------------------------

alter table quality.expectation_result add column changes_figures boolean not null default false;
comment on column quality.expectation_result.changes_figures is
'Whether figures are likely to differ from what the owner of the input means, if it is not met.';
