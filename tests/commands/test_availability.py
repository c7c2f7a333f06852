"""`make availability` as its user sees it: the path of the file, or one line of error."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_uptime.delivery.rendering import FORMAT_NAMES
from store_uptime.settings import Settings
from support.programs import run_command, run_on

WEEK = {"FROM": "2023-01-16", "UNTIL": "2023-01-22"}


@pytest.mark.parametrize("format_name", FORMAT_NAMES)
def test_the_last_line_is_the_path_of_the_file(settled: Settings, tmp_path: Path, format_name: str) -> None:
    asked = WEEK | {"FORMAT": format_name, "OUT": str(tmp_path), "BY": "timezone", "PERIOD": "day"}
    finished = run_on(settled, "availability", **asked)
    assert finished.returncode == 0, finished.stderr
    path = Path(finished.stdout.splitlines()[-1])
    assert [*tmp_path.iterdir()] == [path]
    assert path.name == f"availability-2023-01-16-2023-01-22-by-timezone.{format_name}"
    assert path.stat().st_size > 1000


def test_one_store_by_default_as_csv_in_the_home(settled: Settings) -> None:
    finished = run_on(settled, "availability", **WEEK, STORE_ID="0042")
    assert finished.returncode == 0, finished.stderr
    heading, row = Path(finished.stdout.strip()).read_text().splitlines()
    assert Path(finished.stdout.strip()).parent == settled.home / "answers"
    assert heading.startswith("period,from_date,until_date,is_final,scope,stores,open_hours,")
    assert row.startswith("range,2023-01-16,2023-01-22,true,0042,1,")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"FROM": ""}, "FROM is not set; expected a date such as 2023-03-01."),
        ({"UNTIL": "22/01/2023"}, "UNTIL is '22/01/2023'; expected a date such as 2023-03-01."),
        ({"UNTIL": "2023-01-15"}, "UNTIL: 2023-01-15 is before 2023-01-16, the first date."),
        ({"PERIOD": "fortnight"}, "PERIOD is 'fortnight'; expected one of range, day, week, month, quarter, year."),
        ({"FORMAT": "doc"}, "FORMAT is 'doc'; expected one of csv, json, parquet, xlsx, pdf."),
        ({"BY": "planet"}, "BY: no store has a group of kind 'planet'."),
        ({"KIND": "planet"}, "NAME: is missing; kind and name go together."),
        ({"STORE_ID": "nobody"}, "STORE_ID: no store 'nobody' has days."),
    ],
)
def test_one_clear_line_of_error(settled: Settings, variables: dict[str, str], message: str) -> None:
    finished = run_on(settled, "availability", **WEEK | variables)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.splitlines()[-1] == f"store-uptime: {message}"
    assert "Traceback" not in finished.stderr


def test_nothing_is_settled_yet(tmp_path: Path) -> None:
    finished = run_command(tmp_path, "commands.availability", **WEEK)
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1].startswith("store-uptime: Nothing is settled yet: ")
