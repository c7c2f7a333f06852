"""Names and bounds that the DAGs, the API and the commands share. Imports nothing: every parse of a DAG imports it."""

from __future__ import annotations

REPORT_DAG_ID = "store_uptime_report"
MAINTENANCE_DAG_ID = "store_uptime_maintenance"
DELIVERY_DAG_ID = "store_uptime_delivery"

MAX_SHARDS = 256
MAX_STORE_IDS = 10_000
NO_DATA_CHOICES = ("unknown", "down")

# The message that a task logs when it begins, with its id.
TASK_BEGINS = "%s: started"
# The message for a task that failed and the cause, logged if the database does not take them.
TASK_FAILED = "%s failed: %s"
