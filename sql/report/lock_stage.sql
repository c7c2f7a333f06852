-- One process at a time works on a stage of a report's shard: a task that was given up may still be running.
--
-- binds   report_id, stage, shard
select pg_advisory_xact_lock(hashtextextended('report ' || :stage || :report_id || ' ' || :shard, 0))
