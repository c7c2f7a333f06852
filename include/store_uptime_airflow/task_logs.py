"""Task logs for their readers: errors of input or deployment are logged as what they say, without a traceback.

Such an error says what is wrong and what to do. Airflow logs each exception with thirty frames of its own code below
the message, which is then out of sight. Bugs keep their tracebacks.
"""

from __future__ import annotations

import sys
from typing import Any

import structlog

from store_uptime.errors import StoreUptimeError


def log_messages_only() -> None:
    """Adds `without_traceback` to the processors of all log lines of this process, once."""
    # Loggers that exist already share this list.
    processors = structlog.get_config()["processors"]
    if without_traceback not in processors:
        processors.insert(0, without_traceback)


def without_traceback(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The log line of an exception, as its message if it is one of ours."""
    error = event.get("exc_info")
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, StoreUptimeError):
        del event["exc_info"]
        event["event"] = str(error)
    return event
