-- name: list_changed
-- The files of a data folder that are new, or may have changed since their content was looked at.
--
-- reads   core.folder_file
-- yields  one name per file
-- binds   folder, names, versions (of the same files, in the same order; null: it has none that can be relied on)
select listed.name
from unnest(cast(:names as text[]), cast(:versions as text[])) as listed (name, version)
left join core.folder_file
    on
        folder_file.folder = :folder
        and listed.name = folder_file.name
        and listed.version = folder_file.version
where folder_file.name is null;

-- name: delete_gone
-- What is known of files that are no longer in a data folder.
--
-- writes  core.folder_file
-- binds   folder, names (of the files that are there)
delete from core.folder_file
where folder = :folder and name <> all(cast(:names as text[]));

-- name: add
-- What files of a data folder hold.
--
-- writes  core.folder_file, one row per file
-- binds   folder, names, versions, kinds (null: no input), are_unread, content_sha256s, sizes_bytes
--
-- In the order of their names, so that two loaders that add the same files never deadlock.
insert into core.folder_file (folder, name, version, kind, is_unread, content_sha256, size_bytes)
select
    :folder,
    found.name,
    found.version,
    found.kind,
    found.is_unread,
    found.content_sha256,
    found.size_bytes
from unnest(
    cast(:names as text[]),
    cast(:versions as text[]),
    cast(:kinds as text[]),
    cast(:are_unread as boolean[]),
    cast(:content_sha256s as text[]),
    cast(:sizes_bytes as bigint[])
) as found (name, version, kind, is_unread, content_sha256, size_bytes)
order by found.name
on conflict (folder, name) do update
set
    version = excluded.version,
    kind = excluded.kind,
    is_unread = excluded.is_unread,
    content_sha256 = excluded.content_sha256,
    size_bytes = excluded.size_bytes;

-- name: list_input
-- The snapshots of a data folder, and its status files that no report may use yet.
--
-- reads   core.folder_file, core.file
-- yields  one row per file
-- binds   folder
select
    folder_file.name,
    folder_file.kind,
    folder_file.content_sha256,
    folder_file.size_bytes
from core.folder_file
left join core.file
    on
        folder_file.kind = file.kind
        and folder_file.content_sha256 = file.content_sha256
        and file.state = 'accepted'
where
    folder_file.folder = :folder
    and folder_file.kind is not null
    and (folder_file.kind <> 'store_status' or file.file_id is null);

-- name: summarize
-- How many input files a data folder has, how many of them are status files, and the names of those that are not read
-- although they were probably meant as input.
--
-- reads   core.folder_file
-- yields  one row
-- binds   folder
select
    count(kind) as files,
    count(*) filter (where kind = 'store_status') as status_files,
    coalesce(array_agg(name order by name collate "C") filter (where is_unread), '{}') as unread
from core.folder_file
where folder = :folder;
