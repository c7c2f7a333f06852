"""`make outages`, `make now` and `make explain` as their users see them: a file or an answer, or one line of error."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from store_uptime.delivery.rendering import FORMAT_NAMES
from store_uptime.settings import Settings
from support.programs import run_command, run_on

WEEK = {"FROM": "2023-01-16", "UNTIL": "2023-01-22"}


def test_outages_in_every_format(settled: Settings, tmp_path: Path) -> None:
    for format_name in FORMAT_NAMES:
        asked = WEEK | {"FORMAT": format_name, "OUT": str(tmp_path)}
        finished = run_on(settled, "outages", **asked)
        assert finished.returncode == 0, finished.stderr
        path = Path(finished.stdout.splitlines()[-1])
        assert path == tmp_path / f"outages-2023-01-16-2023-01-22.{format_name}"
        assert path.stat().st_size > 1000
    rows = list(csv.DictReader((tmp_path / "outages-2023-01-16-2023-01-22.csv").read_text().splitlines()))
    assert list(rows[0]) == [
        "store_id", "started_at", "ended_at", "downtime_hours", "elapsed_hours", "ended_by", "started_after",
        "ended_before",
    ]  # fmt: skip
    order = [(row["store_id"].encode(), row["started_at"]) for row in rows]
    assert order == sorted(order)
    assert all(float(row["downtime_hours"]) <= float(row["elapsed_hours"]) for row in rows)
    page = json.loads((tmp_path / "outages-2023-01-16-2023-01-22.json").read_text())
    assert [(row["store_id"], row["started_at"]) for row in page["outages"]] == [
        (row["store_id"], row["started_at"]) for row in rows
    ]


def test_now_of_all_and_of_one(settled: Settings) -> None:
    finished = run_on(settled, "now")
    assert finished.returncode == 0, finished.stderr
    path = Path(finished.stdout.strip())
    assert path.parent == settled.home / "answers"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert list(rows[0]) == [
        "store_id", "status", "is_open", "since", "outage_started_at", "downtime_hours", "last_poll_at",
        "next_change_at",
    ]  # fmt: skip
    assert len({row["store_id"] for row in rows}) == len(rows) > 50
    assert {row["status"] for row in rows} == {"up", "down", "unknown"}
    (own,) = (row for row in rows if row["store_id"] == "0042")
    one = run_on(settled, "now", STORE_ID="0042", FORMAT="json")
    (answer,) = json.loads(Path(one.stdout.strip()).read_text())["now"]
    assert (answer["status"], str(answer["is_open"]).lower()) == (own["status"], own["is_open"])
    assert answer["last_poll_at"] == own["last_poll_at"]


def test_explain(settled: Settings) -> None:
    asked = {"STORE_ID": "0042", "AT": "2023-01-20T18:00:00Z"}
    finished = run_on(settled, "explain", **asked)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    assert (found["store_id"], found["at"]) == ("0042", "2023-01-20T18:00:00.000000Z")
    assert found["counts_as"] in {"up", "down", "unknown", "planned", "closed"}
    assert found["poll"]["polled_at"] <= found["at"]
    assert found["poll"]["file"].startswith("store_status")
    assert found["local_time"].startswith("2023-01-20T")


@pytest.mark.parametrize(
    ("command", "variables", "message"),
    [
        ("outages", {}, "FROM is not set; expected a date such as 2023-03-01."),
        ("outages", WEEK | {"UNTIL": "2023-01-15"}, "UNTIL: 2023-01-15 is before 2023-01-16, the first date."),
        ("outages", WEEK | {"FORMAT": "doc"}, "FORMAT is 'doc'; expected one of csv, json, parquet, xlsx, pdf."),
        ("outages", WEEK | {"STORE_ID": "nobody"}, "STORE_ID: no store 'nobody' has days."),
        ("now", {"KIND": "planet"}, "NAME: is missing; kind and name go together."),
        ("now", {"KIND": "planet", "NAME": "Mars"}, "KIND: no store has a group of kind 'planet'."),
        ("now", {"KIND": "timezone", "NAME": "Mars"}, "NAME: no store is in timezone 'Mars'."),
        ("now", {"STORE_ID": "nobody"}, "STORE_ID: no store 'nobody' is known."),
        ("explain", {}, "STORE_ID is not set; expected the id of a store."),
        ("explain", {"STORE_ID": "0042"}, "AT is not set; expected an instant such as 2023-01-25T18:13:22Z."),
        ("explain", {"STORE_ID": "no", "AT": "2023-01-25T18:13:22Z"}, "STORE_ID: no store 'no' is known."),
    ],
)
def test_one_clear_line_of_error(settled: Settings, command: str, variables: dict[str, str], message: str) -> None:
    finished = run_on(settled, command, **variables)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.splitlines()[-1] == f"store-uptime: {message}"
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("command", "variables"),
    [("outages", WEEK), ("now", {}), ("explain", {"STORE_ID": "0042", "AT": "2023-01-25T18:13:22Z"})],
)
def test_nothing_is_settled_yet(tmp_path: Path, command: str, variables: dict[str, str]) -> None:
    finished = run_command(tmp_path, f"commands.{command}", **variables)
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1].startswith("store-uptime: Nothing is settled yet: ")
