"""Airflow imports this at the start of each of its processes.

The scheduler (LocalExecutor) and Celery's workers fork a process for each task. What the tasks need is imported here,
once, before they fork: Great Expectations alone would cost every `validate` some seconds.
"""

import os
import sys

__all__: list[str] = []  # Airflow takes every other name for a setting

runs_tasks_itself = os.environ.get("AIRFLOW__CORE__EXECUTOR", "LocalExecutor") == "LocalExecutor"
if sys.argv[1:3] == ["celery", "worker"] or (sys.argv[1:2] == ["scheduler"] and runs_tasks_itself):
    from store_uptime.ingest import stage_files  # noqa: F401
    from store_uptime.quality import validate
    from store_uptime.reports import export, request, stages  # noqa: F401

    validate.preload()
