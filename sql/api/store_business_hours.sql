-- The openings of one store in the snapshot that a report uses, as in its file.
--
-- reads   report.used_snapshot, core.business_hours
-- binds   report_id, store_key
--
-- Times are text, because Python has no 24:00.
select
    h.weekday,
    cast(h.start_time_local as text) as start_time,
    cast(h.end_time_local as text) as end_time
from report.used_snapshot as u
inner join core.business_hours as h on u.file_id = h.file_id
where u.report_id = :report_id and u.kind = 'business_hours' and h.store_key = :store_key
order by h.weekday, h.start_time_local, h.end_time_local
