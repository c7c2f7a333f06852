-- The roles that tasks and web act as, which belong to the server and are in no dump; as in the first migration.
do $$
begin
    perform pg_advisory_xact_lock(hashtextextended('store_uptime roles', 0));
    if not exists (select from pg_roles where rolname = 'store_uptime_writer') then
        create role store_uptime_writer nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'store_uptime_reader') then
        create role store_uptime_reader nologin;
    end if;
    execute format('grant store_uptime_reader, store_uptime_writer to %I', current_user);
end
$$
