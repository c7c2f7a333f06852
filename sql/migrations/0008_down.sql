drop view report.store_period;
