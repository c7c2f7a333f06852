"""Runs of the real DAG in a process of their own. Airflow's tables are on another server than ours, which may go away.

Each JSON line on standard input is one run: `{"environment": {…}, "conf": {…}}`. The answer is its end: `{"run_id": …,
"states": {task: [[state, tries], …]}}`. Tries follow each other at once; all else about retries is the DAG's own.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # Airflow talks a lot

sys.path.insert(0, os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
from store_uptime_airflow import retries  # noqa: E402

retries.DEFAULTS.update(retry_delay=timedelta(seconds=0.5), retry_exponential_backoff=False)

from commands.airflow_environment import migrate_all  # noqa: E402
from dags.runs import Deployment, make_report, states  # noqa: E402
from store_uptime.db.engine import connect  # noqa: E402
from store_uptime.settings import Settings  # noqa: E402

metadata = Settings.from_environment()
migrate_all(metadata)
deployment = Deployment(metadata, connect(metadata, "reader"))
deployment.dag.test()  # makes the DAG known, and imports everything
print(json.dumps({"is_ready": True}), file=answers, flush=True)

for line in sys.stdin:
    task = json.loads(line)
    os.environ |= task["environment"]
    run_id = make_report(deployment, task["conf"])
    print(json.dumps({"run_id": run_id, "states": states(run_id)}), file=answers, flush=True)
