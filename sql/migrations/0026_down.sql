alter table history.changed_row replica identity default;
