-- Reports that results of checks are kept of.
--
-- reads   quality.expectation_result
-- yields  one row per report
select distinct report_id
from quality.expectation_result
