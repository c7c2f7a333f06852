-- Reports whose input was checked long ago, oldest first.
--
-- reads   quality.expectation_result
-- yields  one row per report
-- binds   before
select
    report_id,
    count(*) as results
from quality.expectation_result
group by report_id
having max(checked_at) < :before
order by max(checked_at), report_id
