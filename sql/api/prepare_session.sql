-- Settings of a session of the API, once when it begins.
--
-- Each statement is about a report or a store, and has an index for that. With many reports in a table, the planner
-- would still read the whole table for a large one. JIT compilation takes longer than any of the statements.
select
    set_config('enable_seqscan', 'off', false) as enable_seqscan,
    set_config('jit', 'off', false) as jit
