-- noqa: disable=LT05
alter table core.file drop constraint file_state_check;
alter table core.file add constraint file_state_check
    check (state in ('loading', 'staged', 'accepted', 'rejected', 'forgotten'));
drop index core.file_content_key;
create unique index file_content_key on core.file (kind, content_sha256) where state in ('loading', 'staged', 'accepted');
comment on column core.file.state is
    'loading: shares of it are missing; staged: rows are here, no report may use them; accepted: validated; rejected: rows are gone; forgotten: a snapshot that was accepted, its rows are gone since no report rests on it.';

create table core.file_share (
    file_id integer not null references core.file on delete cascade,
    share smallint not null check (share >= 0),
    is_loaded boolean not null default false,
    has_runs boolean not null default false,
    rows_read bigint not null default 0 check (rows_read >= 0),
    rows_quarantined bigint not null default 0 check (rows_quarantined between 0 and rows_read),
    rows_replaced bigint not null default 0 check (rows_replaced >= 0),
    store_count bigint not null default 0 check (store_count >= 0),
    first_polled_at timestamptz,
    last_polled_at timestamptz,
    primary key (file_id, share)
);
comment on table core.file_share is
    'The shares of a file that is loading: of n shares, share i is the stores whose key, unsigned, leaves i when divided by n. Gone when the file is staged.';
comment on column core.file_share.is_loaded is 'Whether its rows are in. Who loads a share holds a lock on its row to the end of the transaction.';
grant select on core.file_share to store_uptime_reader;
grant select, insert, update, delete on core.file_share to store_uptime_writer;
