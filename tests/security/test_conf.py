"""DAG runs whose conf Airflow takes and we cannot read: each fails with its task and a cause, and can be looked at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from plugin.stack import Stack, wait_for_state
from store_uptime.errors import SettingError
from store_uptime.reports.request import read_params
from store_uptime.reports.task_records import cause_of
from support.report_params import DEFAULTS

UNREADABLE: list[tuple[dict[str, Any], str]] = [
    ({"as_of": "25.01.2023 15:00"}, "as_of is '25.01.2023 15:00'; expected an instant such as 2023-01-25T18:13:22Z."),
    ({"as_of": "2023-01-25"}, "as_of is '2023-01-25'"),
    ({"as_of": "2016-12-31T23:59:60Z"}, "as_of is '2016-12-31T23:59:60Z'"),
    ({"as_of": "2023-01-25T10:00/2023-01-26T10:00"}, "as_of is "),
    ({"as_of": "{{ 7 * 7 }}"}, "as_of is '{{ 7 * 7 }}'"),
    ({"as_of": "{{ data_interval_end"}, "as_of is '{{ data_interval_end'"),
    ({"as_of": "\x1b]0;\x07\0"}, r"as_of is '\x1b]0;\x07\x00'"),
    ({"as_of": "9" * 5000}, "as_of is '999"),
    ({"max_gap": "0h"}, "max_gap is '0h'; expected a duration such as 2h, 90m or PT2H"),
    ({"hours_valid_from": "2023-02-29"}, "hours_valid_from is '2023-02-29'; expected a date such as 2023-03-01."),
    ({"shards": 100.0}, "shards is '100.0'; expected a whole number from 1 to 256."),
    ({"store_ids": ["a\0b"]}, r"store_ids is 'a\x00b'"),
    ({"store_ids": ["\ud800"]}, "store_ids is "),
    ({"asof": "2023-01-25T18:13:22Z", "\x1b[2J": 1}, r"conf is '\x1b[2J, asof'; expected no other keys than as_of, "),
]


@pytest.mark.parametrize(("conf", "cause"), UNREADABLE)
def test_what_cannot_be_read_is_named_in_one_short_line(conf: dict[str, Any], cause: str) -> None:
    params = DEFAULTS | {name: value for name, value in conf.items() if name in DEFAULTS}
    with pytest.raises(SettingError) as raised:
        read_params(params, conf)
    assert str(raised.value).startswith(cause)
    assert len(str(raised.value)) < 500
    assert cause_of(raised.value).isprintable()


@pytest.mark.parametrize("shards", [0, 257, True, "3", 1.5, float("inf"), float("nan"), None])
def test_only_whole_numbers_are_numbers_of_shards(shards: object) -> None:
    with pytest.raises(SettingError, match="shards"):
        read_params(DEFAULTS | {"shards": shards}, {})


def test_control_characters_of_any_error_are_escaped() -> None:
    assert cause_of(ValueError("a\x1b[2Jb\0c\x9bd\u202ee\n f")) == r"ValueError: a\u001b[2Jb\u0000c\u009bd\u202ee f"


def test_each_ends_as_failed_with_task_and_cause(stack: Stack) -> None:
    asked: dict[str, str] = {}
    refused: list[str] = []
    with stack.airflow("user") as airflow, stack.client("viewer") as viewer, stack.client("user") as user:
        for conf, cause in UNREADABLE:
            try:
                answer = airflow.post("dags/store_uptime_report/dagRuns", json={"logical_date": None, "conf": conf})
            except UnicodeEncodeError:  # the client has no way to write it
                continue
            if answer.status_code != 200:  # Airflow knows dates, and PostgreSQL has no NUL in the conf as it is stored
                refused += conf
                continue
            run = answer.json()["dag_run_id"]
            (report,) = [one for one in viewer.get("reports").json()["reports"] if one["dag_run_id"] == run]
            assert viewer.get(f"reports/{report['report_id']}").status_code == 200, conf
            assert viewer.get(f"get_report/{report['report_id']}").status_code == 200, conf
            asked[report["report_id"]] = cause
        assert refused == ["as_of", "hours_valid_from", "store_ids"]
        for report_id, cause in asked.items():
            detail = wait_for_state(stack, UUID(report_id), "Failed")
            assert detail["failed_task"] == "ingest", cause
            assert detail["cause"].startswith(cause), detail["cause"]
            assert not user.get(f"reports/{report_id}").json()["may"]["run_again"], "with parameters that are others"
            status = viewer.get(f"get_report/{report_id}").json()
            assert (status["status"], status["failed_task"]) == ("Failed", "ingest")
            assert status["cause"].startswith(cause)
            assert viewer.get(f"reports/{report_id}/events").text.startswith("event: end"), cause
            assert viewer.get(f"quality/{report_id}").status_code == 404
