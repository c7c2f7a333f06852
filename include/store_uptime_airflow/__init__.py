"""The code around task bodies that needs Airflow: Params, retries, callbacks, folders."""
