-- Statistics of all tables, which a dump does not hold.
analyze
