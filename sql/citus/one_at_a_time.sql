-- Citus may not change a reference table that parallel commands of the same transaction have looked at.
select set_config('citus.multi_shard_modify_mode', 'sequential', true)
