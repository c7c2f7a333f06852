"""One report: what was requested, the stages that compute it, and its CSV file."""
