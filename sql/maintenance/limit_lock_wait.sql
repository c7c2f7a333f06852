-- How long this transaction waits for others: whoever waits for a table to be free keeps all who come later waiting.
--
-- binds   milliseconds
select set_config('lock_timeout', cast(:milliseconds as text), true)
