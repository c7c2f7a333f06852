"""What surrounds the bodies of tasks and needs Airflow: Params, retries, callbacks, folders."""
