-- Fresh statistics of the tables that a load fills.
select core.analyze_loaded()
