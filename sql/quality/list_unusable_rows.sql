-- Unusable rows to show as examples: the first ones of each file, with as many different kinds of reasons as possible.
--
-- reads   quality.quarantined_row, report.report_file, core.file
-- yields  up to three rows per file
-- binds   report_id, file_id (null: all files of the report), longest_raw_text
--
-- Only the first hundred rows of a file are read, and of the newest hundred files: there may be very many.
select
    example.file_id,
    source_file.name as file,
    example.line_number,
    example.reason,
    case
        when length(example.raw_text) > :longest_raw_text then left(example.raw_text, :longest_raw_text - 1) || '…'
        else example.raw_text
    end as raw_text
from (
    select
        report_file.file_id,
        report_file.name
    from report.report_file
    inner join core.file using (file_id)
    where
        report_file.report_id = :report_id
        and report_file.file_id = coalesce(:file_id, report_file.file_id)
        and file.rows_quarantined > 0
    order by report_file.file_id desc
    limit 100
) as source_file
cross join lateral (
    select
        file_id,
        line_number,
        reason,
        raw_text,
        row_number() over (partition by reason_kind order by line_number) as nth_of_kind
    from (
        select
            file_id,
            line_number,
            reason_kind,
            reason,
            raw_text
        from quality.quarantined_row
        where quarantined_row.file_id = source_file.file_id
        order by line_number
        limit 100
    ) as early_row
    order by nth_of_kind, line_number
    limit 3
) as example
order by example.nth_of_kind, example.file_id, example.line_number
