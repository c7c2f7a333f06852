alter table quality.expectation_result replica identity full;
