delete from core.file where state = 'loading';
drop table core.file_share;
alter table core.file drop constraint file_state_check;
alter table core.file add constraint file_state_check check (state in ('staged', 'accepted', 'rejected', 'forgotten'));
drop index core.file_content_key;
create unique index file_content_key on core.file (kind, content_sha256) where state in ('staged', 'accepted');
