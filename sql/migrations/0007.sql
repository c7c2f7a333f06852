-- Citus renames tables, columns and indexes, but no constraint: those are made anew.

-- a file's partitions, in place of shares ----------------------------------------------------------------------------

alter table core.file_share rename to file_partition;
alter table core.file_partition rename column share to partition_no;
alter table core.file_partition rename column has_runs to has_intervals;
alter index core.file_share_pkey rename to file_partition_pkey;
alter table core.file_partition
drop constraint file_share_file_id_fkey,
drop constraint file_share_share_check,
drop constraint file_share_check,
drop constraint file_share_rows_read_check,
drop constraint file_share_rows_replaced_check,
drop constraint file_share_store_count_check;
alter table core.file_partition
add constraint file_partition_file_id_fkey foreign key (file_id) references core.file on delete cascade;
alter table core.file_partition
add constraint file_partition_partition_no_check check (partition_no >= 0),
add constraint file_partition_check check (rows_quarantined between 0 and rows_read),
add constraint file_partition_rows_read_check check (rows_read >= 0),
add constraint file_partition_rows_replaced_check check (rows_replaced >= 0),
add constraint file_partition_store_count_check check (store_count >= 0);
comment on table core.file_partition is
'The partitions of a file that is loading: of n partitions, number i holds the stores whose key, unsigned, leaves i '
'when divided by n. Deleted when the file is staged.';
comment on column core.file_partition.is_loaded is
'Whether its rows are loaded. Whoever loads a partition locks its row to the end of the transaction.';
comment on column core.file_partition.has_intervals is
'Whether core.staged_interval got the status intervals of the partition.';

alter table core.file rename column has_runs to has_intervals;
comment on column core.file.has_intervals is
'Whether core.staged_interval got the status intervals of a status file when it was loaded.';
comment on column core.file.state is
'loading: some of its partitions are not loaded; staged: its rows are loaded, no report may use them; accepted: '
'validated; rejected: its rows are deleted; forgotten: a snapshot that was accepted, its rows are deleted since no '
'report rests on it.';

-- status intervals, in place of runs ---------------------------------------------------------------------------------

alter table core.staged_run rename to staged_interval;
alter index core.staged_run_pkey rename to staged_interval_pkey;
comment on table core.staged_interval is
'Status intervals of a staged status file: its polls whose status differs from the poll before in the same file. '
'Emptied on acceptance.';

alter table core.status_run rename to status_interval;
alter index core.status_run_pkey rename to status_interval_pkey;
alter table core.status_interval
drop constraint status_run_started_at_check,
drop constraint status_run_check;
alter table core.status_interval
add constraint status_interval_started_at_check check (isfinite(started_at)),
add constraint status_interval_check check (holds_from < holds_until and holds_from <= started_at);
comment on table core.status_interval is
'Intervals of equal status in the polls of all accepted files, updated when a file is accepted. The intervals of a '
'store cover all time.';
comment on column core.status_interval.started_at is
'The poll that brought the status: a report that looks back from before it does not see the interval.';
comment on column core.status_interval.holds_from is
'started_at, and -infinity for the first interval: the first status holds backwards.';
comment on column core.status_interval.holds_until is 'started_at of the next interval, infinity for the last.';

create or replace function core.analyze_loaded() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze core.store, core.business_hours, core.store_timezone, core.snapshot_store, core.status_interval;
end
$$;

create or replace function core.analyze_staged() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze core.polled_store, core.staged_interval;
end
$$;
