"""Airflow imports this at the start of each of its processes.

The scheduler (LocalExecutor) and Celery's workers fork a process for each task. What the tasks need is imported here,
once, before they fork: Great Expectations alone would cost every `validate` some seconds.
"""

import sys

__all__: list[str] = []  # Airflow takes every other name for a setting

if sys.argv[1:2] in (["scheduler"], ["celery"]):
    from store_uptime import export, load, quality, reports, stages  # noqa: F401

    quality.preload()
