create function core.analyze_staged() returns void
language plpgsql security definer set search_path = pg_catalog as $$
begin
    analyze core.polled_store, core.staged_run;
end
$$;
comment on function core.analyze_staged() is
    'Statistics of the tables that are empty between two loads, for the statements that accept what is in them.';
revoke all on function core.analyze_staged() from public;
grant execute on function core.analyze_staged() to store_uptime_writer;
