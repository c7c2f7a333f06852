drop index history.outage_by_end_date, history.outage_by_start_date, history.outage_ongoing;
drop table history.store_now;
