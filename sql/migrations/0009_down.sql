alter table quality.expectation_result drop column changes_figures;
alter table report.report drop column unread_files;
alter table core.file drop column tolerated;
alter table core.file_partition drop column tolerated;
alter table core.snapshot_store drop column has_closed_rows, drop column has_unusable_rows;
alter table core.business_hours drop constraint business_hours_end_time_local_check;
alter table core.business_hours
alter column end_time_local type time using least(end_time_local, interval '24 hours')::time;
