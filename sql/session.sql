-- name: in_utc
-- The zone of all sessions, so that instants read and print alike everywhere.
set time zone 'UTC';

-- name: as_writer
-- The rights of tasks.
set role store_uptime_writer;

-- name: as_reader
-- The rights of the API and of checks.
set role store_uptime_reader;

-- name: as_editor
-- The rights of the API where it changes templates and subscriptions.
set role store_uptime_editor;
