-- name: list
-- Reports whose validation is kept.
--
-- reads   quality.expectation_result
-- yields  one row per report
select distinct report_id
from quality.expectation_result;

-- name: list_old
-- Reports whose newest result is older than an instant, oldest first.
--
-- reads   quality.expectation_result
-- yields  one row per report, with the number of results
-- binds   before (an instant)
select
    report_id,
    count(*) as results
from quality.expectation_result
group by report_id
having max(checked_at) < :before
order by max(checked_at), report_id;

-- name: delete
-- The results of validations.
--
-- writes  quality.expectation_result
-- binds   report_ids
delete from quality.expectation_result
where report_id = any(cast(:report_ids as uuid[]));
