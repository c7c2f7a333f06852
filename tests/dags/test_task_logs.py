"""What a task's log says about its exception."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
import structlog

from store_uptime.errors import InputFileError, StoreUptimeError
from store_uptime_airflow.task_logs import without_traceback


@pytest.fixture
def logged() -> Callable[[Exception], dict]:
    """The line that Airflow's own call logs for an exception."""

    def log(error: Exception) -> dict:
        output = io.StringIO()
        logger = structlog.wrap_logger(
            structlog.PrintLogger(output),
            processors=[without_traceback, structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
        )
        try:
            raise error
        except Exception:
            logger.exception("Task failed with exception")
        return json.loads(output.getvalue())

    return log


def test_a_users_error_is_its_message(logged: Callable[[Exception], dict]) -> None:
    error = InputFileError("hours.csv", "is empty", "a header", line=1)
    assert logged(error) == {"event": "hours.csv, line 1: is empty; expected a header."}
    assert logged(StoreUptimeError("no polls")) == {"event": "no polls"}


def test_a_bug_keeps_its_traceback(logged: Callable[[Exception], dict]) -> None:
    line = logged(KeyError("store"))
    assert line["event"] == "Task failed with exception"
    (detail,) = line["exception"]
    assert detail["exc_type"] == "KeyError"
    assert detail["frames"]
