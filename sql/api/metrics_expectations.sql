-- How many expectations were not met in the newest validation.
--
-- reads   report.report (from the newest on), quality.expectation_result
with latest as (
    select r.report_id
    from report.report as r
    where exists (select from quality.expectation_result as e where e.report_id = r.report_id)
    order by r.created_at desc, r.report_id desc
    limit 1
)

select
    count(*) filter (where not e.is_met and e.severity = 'fail') as fail,
    count(*) filter (where not e.is_met and e.severity = 'warn') as warn
from latest
inner join quality.expectation_result as e on latest.report_id = e.report_id
having count(*) > 0
