"""Answers as files: one table of columns, rendered as CSV, JSON, Parquet, Excel and PDF."""
