alter table quality.quarantined_row drop column reason_kind;
