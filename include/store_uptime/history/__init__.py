"""Availability over time: the days and outages of every store."""
