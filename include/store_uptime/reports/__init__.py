"""A report: its request, the stages that compute it, and its CSV file."""
