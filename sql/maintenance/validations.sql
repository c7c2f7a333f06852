-- name: list
-- Reports that results of checks are kept of.
--
-- reads   quality.expectation_result
-- yields  one row per report
select distinct report_id
from quality.expectation_result;

-- name: list_old
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
order by max(checked_at), report_id;

-- name: delete
-- What was found about the input of reports.
--
-- writes  quality.expectation_result
-- binds   report_ids
delete from quality.expectation_result
where report_id = any(cast(:report_ids as uuid[]));
