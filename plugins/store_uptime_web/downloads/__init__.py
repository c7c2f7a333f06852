"""Reports as files: CSV, JSON, Excel."""
