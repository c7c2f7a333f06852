-- What a session that only reads for the API has set: once, when it begins.
--
-- Everything is found by a report or a store, and the indexes for that are there. With many reports in a table the
-- planner still likes to read all of it for a large one. Compiling takes longer than any of the statements.
select
    set_config('enable_seqscan', 'off', false) as enable_seqscan,
    set_config('jit', 'off', false) as jit
