-- The rule is here only: it holds for rows that were loaded before, and for whatever value a reason quotes. A reason
-- that a loader writes is `status is 'actve'; expected active or inactive`.
alter table quality.quarantined_row
add column reason_kind text not null generated always as (
    case
        when
            column_name is not null and strpos(reason, '; ') > 0
            then column_name || ': ' || substring(reason from '.*; (.*)$')
        when reason ~ '^[0-9]+ fields where the header has [0-9]+$' then 'another number of fields than the header has'
        else reason
    end
) stored;
comment on column quality.quarantined_row.reason_kind is
'The reason without the value that it quotes: rows of one kind are shown together.';
