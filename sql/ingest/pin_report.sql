-- The report rests on what is visible now, and looks back from as_of: the one asked for, or the newest poll.
--
-- reads   core.acceptance
-- writes  report.report, one row
-- binds   report_id, newest_polled_at
update report.report
set
    as_of = coalesce(report.as_of_requested, :newest_polled_at),
    accepted_order = (select max(accepted_order) from core.acceptance),
    business_hours_file_id = (
        select file_id from core.acceptance
        where kind = 'business_hours'
        order by accepted_order desc limit 1
    ),
    store_timezones_file_id = (
        select file_id from core.acceptance
        where kind = 'store_timezones'
        order by accepted_order desc limit 1
    )
where report.report_id = :report_id
returning report.as_of, report.as_of_limit, report.accepted_order, report.shards
