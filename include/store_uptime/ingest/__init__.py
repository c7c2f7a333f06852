"""Loads files into the database: reading, parsing, sorting, copying, accepting."""
