"""Files to download: CSV, JSON, Excel and Parquet."""
