-- A page of the unusable rows of a report's files, in file and line order.
--
-- reads   report.report_file, quality.quarantined_row
-- binds   report_id, file_id, kind, reason, pattern (null: any), after_file_id, after_line_number (where the previous
--         page ended; 0 for the first), page_rows
select
    q.file_id,
    f.name as file,
    q.line_number,
    q.column_name,
    q.reason_kind as kind,
    q.reason,
    q.raw_text
from report.report_file as f
inner join quality.quarantined_row as q on f.file_id = q.file_id
where
    f.report_id = :report_id
    and (q.file_id, q.line_number) > (:after_file_id, :after_line_number)
    and (cast(:file_id as integer) is null or q.file_id = :file_id)
    and (cast(:kind as text) is null or q.reason_kind = :kind)
    and (cast(:reason as text) is null or q.reason = :reason)
    and (cast(:pattern as text) is null or lower(q.raw_text collate "C") like :pattern)
order by q.file_id, q.line_number
limit :page_rows
