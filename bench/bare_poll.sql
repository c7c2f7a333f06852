-- What loading is held against: a row for each poll in one plain table, with a key of store, instant and file.
--
-- writes  public.bare_poll
drop table if exists bare_poll;
create table bare_poll (
    store_key bigint not null,
    polled_at timestamptz not null,
    file_id integer not null,
    part_no smallint not null,
    is_active boolean not null,
    primary key (store_key, polled_at, file_id, part_no)
);
