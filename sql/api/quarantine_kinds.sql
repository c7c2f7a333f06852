-- Why rows of a report's files could not be used: for each kind of reason how many rows, and up to three reasons with
-- the values that they quote. Of very many, those hundred that have the most rows.
--
-- reads   report.report_file, quality.quarantined_row
-- binds   report_id
--
-- Only the first hundred rows of a kind are looked at for different reasons: a file may have very many.
with kind as (
    select
        f.file_id,
        f.name as file,
        q.reason_kind as kind,
        q.column_name,
        count(*) as row_count
    from report.report_file as f
    inner join quality.quarantined_row as q on f.file_id = q.file_id
    where f.report_id = :report_id
    group by f.file_id, f.name, q.reason_kind, q.column_name
    order by row_count desc, f.file_id asc, kind asc, q.column_name asc
    limit 100
)

select
    kind.file_id,
    kind.file,
    kind.kind,
    kind.column_name,
    kind.row_count,
    example.reasons
from kind
cross join lateral (
    select array_agg(reason order by line_number) as reasons
    from (
        select
            reason,
            min(line_number) as line_number
        from (
            select
                q.reason,
                q.line_number
            from quality.quarantined_row as q
            where
                q.file_id = kind.file_id
                and q.reason_kind = kind.kind
                and q.column_name is not distinct from kind.column_name
            order by q.line_number
            limit 100
        ) as early_row
        group by reason
        order by line_number
        limit 3
    ) as different_reason
) as example
order by kind.file asc, kind.row_count desc, kind.kind asc, kind.column_name asc, kind.file_id asc
