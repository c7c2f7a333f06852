-- The outcome of one expectation.
--
-- writes  quality.expectation_result, one row per (report_id, suite, expectation)
-- binds   report_id, suite, expectation, file_id, severity, is_met, description, observed_value, unexpected_count,
--         examples (JSON), checked_at
insert into quality.expectation_result (
    report_id, suite, expectation, file_id, severity, is_met,
    description, observed_value, unexpected_count, examples, checked_at
)
values (
    :report_id, :suite, :expectation, :file_id, :severity, :is_met,
    :description, :observed_value, :unexpected_count, cast(:examples as jsonb), :checked_at
)
