"""The web side of Store Uptime: an API and pages that live inside Airflow's API server."""
