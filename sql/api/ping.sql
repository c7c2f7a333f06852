-- Whether the database answers and its schema is there.
--
-- reads   report.report
select count(*)
from (select from report.report limit 1) as report
