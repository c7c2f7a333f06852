-- files of several folders in one home add up, so a report says which folder it read ---------------------------------

alter table report.report add column data_folder text;
comment on column report.report.data_folder is
'Path or URL of the data folder that the DAG run read; null: not yet, or by a version that did not record it.';
