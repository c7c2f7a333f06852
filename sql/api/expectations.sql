-- The results of a report's expectations; those not met come first, `fail` before `warn`.
--
-- reads   quality.expectation_result, core.file
-- binds   report_id
select
    e.suite,
    e.expectation,
    e.severity,
    e.changes_figures,
    e.is_met,
    e.description,
    e.observed_value,
    e.unexpected_count,
    e.examples,
    e.checked_at,
    e.file_id,
    f.name as file_name,
    f.kind as file_kind
from quality.expectation_result as e
left join core.file as f on e.file_id = f.file_id
where e.report_id = :report_id
order by e.is_met asc, e.severity asc, e.changes_figures desc, e.suite asc, e.expectation asc, e.file_id asc
