-- Tables whose keys lead to one that becomes a reference table wait as they are for their own turn; else Citus would
-- move all of them each time.
select set_config('citus.enable_local_reference_table_foreign_keys', 'off', true)
