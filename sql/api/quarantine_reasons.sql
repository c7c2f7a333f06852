-- Why rows of a report's files could not be used, and how many.
--
-- reads   report.source_file, quality.quarantined_row
-- binds   report_id
select
    s.file_id,
    s.name as file,
    q.reason,
    q.column_name,
    count(*) as row_count
from report.source_file as s
inner join quality.quarantined_row as q on s.file_id = q.file_id
where s.report_id = :report_id
group by s.file_id, s.name, q.reason, q.column_name
order by s.name asc, row_count desc, q.reason asc, q.column_name asc
