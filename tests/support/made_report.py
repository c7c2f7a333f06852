"""A published report of any size, written straight into the tables: statements with the binds report_id and stores."""

from __future__ import annotations

MADE_REPORT = (
    """insert into report.report (report_id, dag_run_id, created_at, no_data, shards, as_of, store_count, published_at,
                                  csv_sha256, csv_bytes, csv_path, accepted_order)
       values (:report_id, :report_id, '2001-01-01', 'unknown', 1, '2001-01-01', :stores, '2001-01-01',
               repeat('0', 64), 0, '/nowhere/report.csv', 0)""",
    """insert into report.store
       select :report_id, k, md5(k::text)::uuid::text, 'America/Chicago', true, true
       from generate_series(1, :stores) k""",
    """insert into report.store_uptime
       select :report_id, k, md5(k::text)::uuid::text, 3600000000, 86400000000, week,
              k * 7919 % 3600000001, k * 104729 % 86400000001, up,
              3600000000 - k * 7919 % 3600000001, 86400000000 - k * 104729 % 86400000001, week - up, 0, 0, 0
       from (
           select k, case when k % 50 = 0 then 0 else 604800000000 end as week,
                  case k % 50 when 0 then 0 when 1 then 604800000000 else k * 373787654321 % 604800000001 end as up
           from generate_series(1, cast(:stores as bigint)) k
       ) store""",
)
