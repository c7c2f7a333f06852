-- name: read_report
-- What a validation needs of a report.
--
-- reads   report.report
-- binds   report_id
select
    created_at,
    dag_run_id,
    as_of,
    as_of_requested,
    as_of_limit
from report.report
where report_id = :report_id;

-- name: find_unchanged
-- The newest other report of the same input, on which a suite was checked: it looks back from the same instant, and
-- nothing was accepted between the two.
--
-- reads   report.report, quality.expectation_result
-- yields  its report_id, or nothing
-- binds   report_id, suite
select other.report_id
from report.report
inner join report.report as other
    on
        report.as_of = other.as_of
        and report.accepted_order = other.accepted_order
        and report.report_id <> other.report_id
where
    report.report_id = :report_id
    and exists (
        select
        from quality.expectation_result
        where expectation_result.report_id = other.report_id and expectation_result.suite = :suite
    )
order by other.created_at desc
limit 1;

-- name: clear_results
-- What an earlier attempt at the same report found.
--
-- writes  quality.expectation_result
-- binds   report_id
delete from quality.expectation_result
where report_id = :report_id;

-- name: add_result
-- The outcome of one expectation.
--
-- writes  quality.expectation_result, one row per (report_id, suite, expectation)
-- binds   report_id, suite, expectation, file_id, severity, is_met, description, observed_value, unexpected_count,
--         examples (JSON), changes_figures, checked_at
insert into quality.expectation_result (
    report_id, suite, expectation, file_id, severity, is_met,
    description, observed_value, unexpected_count, examples, changes_figures, checked_at
)
values (
    :report_id, :suite, :expectation, :file_id, :severity, :is_met,
    :description, :observed_value, :unexpected_count, cast(:examples as jsonb), :changes_figures, :checked_at
);

-- name: reject_file
-- A staged file that failed its validation, unless it was accepted meanwhile: the same content may come again. Its rows
-- are deleted after it.
--
-- writes  core.file, one row
-- yields  the file, if it was staged, with the first and last instant of its polls
-- binds   file_id, rejected_because
update core.file
set
    state = 'rejected',
    rejected_because = :rejected_because
where file_id = :file_id and state = 'staged'
returning file_id, first_polled_at, last_polled_at;

-- name: lock_data_docs
-- One list of validations is written at a time, so that none misses a validation; ends with the transaction.
select pg_advisory_xact_lock(hashtextextended('store_uptime data docs', 0));
