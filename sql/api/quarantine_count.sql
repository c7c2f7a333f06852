-- How many unusable rows of a report's files there are.
--
-- reads   report.report_file, quality.quarantined_row
-- binds   report_id, file_id, kind, reason, pattern (null: any)
select count(*)
from report.report_file as f
inner join quality.quarantined_row as q on f.file_id = q.file_id
where
    f.report_id = :report_id
    and (cast(:file_id as integer) is null or q.file_id = :file_id)
    and (cast(:kind as text) is null or q.reason_kind = :kind)
    and (cast(:reason as text) is null or q.reason = :reason)
    and (cast(:pattern as text) is null or lower(q.raw_text collate "C") like :pattern)
