-- Unusable rows to show as examples: the first ones of each file, with as many different wrong columns as possible.
--
-- reads   quality.quarantined_row, report.source_file
-- yields  up to three rows per file
-- binds   report_id, file_id (null: all files of the report), longest_raw_text
--
-- Only the first hundred of a file are read: a file may have very many.
select
    example.file_id,
    source_file.name as file,
    example.line_number,
    example.reason,
    case
        when length(example.raw_text) > :longest_raw_text then left(example.raw_text, :longest_raw_text - 1) || '…'
        else example.raw_text
    end as raw_text
from report.source_file
cross join lateral (
    select
        file_id,
        line_number,
        reason,
        raw_text,
        row_number() over (partition by column_name order by line_number) as nth_of_column
    from (
        select
            file_id,
            line_number,
            column_name,
            reason,
            raw_text
        from quality.quarantined_row
        where quarantined_row.file_id = source_file.file_id
        order by line_number
        limit 100
    ) as early_row
    order by nth_of_column, line_number
    limit 3
) as example
where
    source_file.report_id = :report_id
    and source_file.file_id = coalesce(:file_id, source_file.file_id)
order by example.nth_of_column, example.file_id, example.line_number
