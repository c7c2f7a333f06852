alter table report.report drop column data_folder;
