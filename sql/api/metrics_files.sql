-- Rows read and rows in quarantine of each kind of file, for the newest report that has files.
--
-- reads   report.report (from the newest on), report.report_file, core.file
with latest as (
    select r.report_id
    from report.report as r
    where exists (select from report.report_file as f where f.report_id = r.report_id)
    order by r.created_at desc, r.report_id desc
    limit 1
)

select
    f.kind,
    cast(sum(f.rows_read) as bigint) as rows_read,
    cast(sum(f.rows_quarantined) as bigint) as rows_quarantined
from latest
inner join report.report_file as r on latest.report_id = r.report_id
inner join core.file as f on r.file_id = f.file_id
group by f.kind
order by f.kind
