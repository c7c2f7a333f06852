-- The files of published reports.
--
-- reads   report.report
-- yields  one row per published report
select
    report_id,
    csv_path
from report.report
where published_at is not null
order by report_id
