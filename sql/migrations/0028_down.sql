alter table core.store_timezone
add constraint store_timezone_file_id_fkey foreign key (file_id) references core.file on delete cascade;
alter table core.snapshot_store
add constraint snapshot_store_file_id_fkey foreign key (file_id) references core.file on delete cascade;
alter table core.polled_store
add constraint polled_store_file_id_fkey foreign key (file_id) references core.file on delete cascade;
