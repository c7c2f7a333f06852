drop view report.report_file;
drop table core.folder_file;
