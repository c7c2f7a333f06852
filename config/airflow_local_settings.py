"""Airflow imports this at the start of each of its processes.

The scheduler (LocalExecutor) and Celery's workers fork a process for each task. Modules that tasks need are imported
here, once, before the fork: Great Expectations alone would add some seconds to each `validate`, and what every task
imports to read its DAG takes a third of the CPU time until its body begins.
"""

import os
import sys

__all__: list[str] = []  # without it, Airflow would treat every name here as a setting

is_local_executor = os.environ.get("AIRFLOW__CORE__EXECUTOR", "LocalExecutor") == "LocalExecutor"
if sys.argv[1:3] == ["celery", "worker"] or (sys.argv[1:2] == ["scheduler"] and is_local_executor):
    import airflow.dag_processing.bundles.local
    import airflow.providers.standard.decorators.python
    import airflow.sdk.bases.decorator
    import airflow.sdk.definitions.asset.metadata
    import airflow.sdk.definitions.decorators
    import airflow.sdk.execution_time.timeout  # noqa: F401

    from store_uptime import tracing  # noqa: F401
    from store_uptime.db import engine  # noqa: F401
    from store_uptime.ingest import stage_files  # noqa: F401
    from store_uptime.quality import validate
    from store_uptime.reports import export, request, stages, task_records  # noqa: F401
    from store_uptime_airflow import callbacks, folders, params, tasks  # noqa: F401

    # Not `retries`: each task sets up its log after the fork, and `retries` adds to that when it is imported.

    validate.preload()
