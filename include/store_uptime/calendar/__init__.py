"""Time zones, instants, durations and the periods of a report."""
