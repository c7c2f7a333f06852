-- what is known of the files of data folders ------------------------------------------------------------------------

create table core.folder_file (
    folder text not null,
    name text not null,
    version text,
    kind text,
    is_unread boolean not null,
    content_sha256 text check (content_sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint check (size_bytes >= 0),
    primary key (folder, name),
    check ((kind is null) = (content_sha256 is null))
);
comment on table core.folder_file is
'The files of data folders and what they hold, so that only those that are new or have changed are read. It can be '
'emptied at any time: all files are read again then.';
comment on column core.folder_file.version is
'Size, times of changes and inode, or the ETag: another one, if the content is another. Null: look at it again.';
comment on column core.folder_file.kind is 'The kind of input; null: no input.';
comment on column core.folder_file.is_unread is 'Whether the file was probably meant as input, but is not read.';
comment on column core.folder_file.content_sha256 is 'As of core.file, but of a shard by itself.';
grant select on core.folder_file to store_uptime_reader;
grant select, insert, update, delete on core.folder_file to store_uptime_writer;

-- a report rests on its position in the log of acceptances ----------------------------------------------------------

create view report.report_file as
select
    report_id,
    file_id,
    name
from report.source_file
union all
select
    report.report_id,
    file.file_id,
    file.name
from report.report
inner join core.acceptance on report.accepted_order >= acceptance.accepted_order
inner join core.file on acceptance.file_id = file.file_id
left join report.source_file
    on report.report_id = source_file.report_id and acceptance.file_id = source_file.file_id
where file.kind = 'store_status' and source_file.file_id is null;
comment on view report.report_file is
'The files of a report: those that its DAG run brought, and all status files that were accepted up to its position.';
grant select on report.report_file to store_uptime_reader, store_uptime_writer;

comment on table report.source_file is
'What a DAG run brought: the snapshots in the data folder, and the status files there that no report could use yet.';
comment on column report.report.accepted_order is
'Position in core.acceptance to which the report is pinned: later files do not exist for it. Before validate has '
'accepted its files, the position at which they were found.';
