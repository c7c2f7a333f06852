-- The zones that the stores of a shard are read in, and the week to cover.
--
-- reads   report.report, report.store
-- binds   report_id, shard
select distinct
    store.timezone,
    report.as_of - interval '168 hours' as week_start,
    report.as_of
from report.report
inner join report.store using (report_id)
where
    report.report_id = :report_id
    and (store.store_key % report.shards + report.shards) % report.shards = :shard
order by store.timezone
