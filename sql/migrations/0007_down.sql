-- The comments stay: they describe what the old names mean as well.

alter table core.file_partition rename to file_share;
alter table core.file_share rename column partition_no to share;
alter table core.file_share rename column has_intervals to has_runs;
alter index core.file_partition_pkey rename to file_share_pkey;
alter table core.file_share
drop constraint file_partition_file_id_fkey,
drop constraint file_partition_partition_no_check,
drop constraint file_partition_check,
drop constraint file_partition_rows_read_check,
drop constraint file_partition_rows_replaced_check,
drop constraint file_partition_store_count_check;
alter table core.file_share
add constraint file_share_file_id_fkey foreign key (file_id) references core.file on delete cascade;
alter table core.file_share
add constraint file_share_share_check check (share >= 0),
add constraint file_share_check check (rows_quarantined between 0 and rows_read),
add constraint file_share_rows_read_check check (rows_read >= 0),
add constraint file_share_rows_replaced_check check (rows_replaced >= 0),
add constraint file_share_store_count_check check (store_count >= 0);
alter table core.file rename column has_intervals to has_runs;

alter table core.staged_interval rename to staged_run;
alter index core.staged_interval_pkey rename to staged_run_pkey;
alter table core.status_interval rename to status_run;
alter index core.status_interval_pkey rename to status_run_pkey;
alter table core.status_run
drop constraint status_interval_started_at_check,
drop constraint status_interval_check;
alter table core.status_run
add constraint status_run_started_at_check check (isfinite(started_at)),
add constraint status_run_check check (holds_from < holds_until and holds_from <= started_at);

create or replace function core.analyze_loaded() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze core.store, core.business_hours, core.store_timezone, core.snapshot_store, core.status_run;
end
$$;

create or replace function core.analyze_staged() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze core.polled_store, core.staged_run;
end
$$;
