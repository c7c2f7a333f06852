"""Small folders as real tools write them, each with the report that its owner means."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from store_uptime.errors import ExpectationFailedError, InputFolderError
from store_uptime.settings import Settings
from support.pipeline import run_report

AS_OF = datetime(2023, 1, 25, 16, tzinfo=UTC)  # a Wednesday
POLL = "store_id,status,timestamp_utc\na,active,2023-01-25 13:00:00 UTC\n"
HALF = "store_id,status,timestamp_utc\n{0},active,2023-01-25 13:00:00 UTC\n{0},inactive,2023-01-25 15:00:00 UTC\n"
HOURS = "store_id,day,start_time_local,end_time_local\n"
ZONES = "store_id,timezone_str\n"
UTC_ZONE = ZONES + "a,UTC\n"

FOLDERS = {
    "times of a US spreadsheet": (
        {"store_status.csv": POLL, "timezones.csv": ZONES + "a,America/New_York\n"}
        | {"business_hours.csv": HOURS + "a,1,9:00:00 AM,5:30:00 PM\na,2,9:00 AM,12:00:00 AM\n"},
        ["a,60.00,8.50,23.50,0.00,0.00,0.00"],
    ),
    "closed days have no times": (
        {"store_status.csv": POLL, "timezones.csv": UTC_ZONE}
        | {"business_hours.csv": HOURS + "".join(f"a,{day},09:00,17:00\n" for day in range(5)) + "a,5,,\na,6,,\n"},
        ["a,60.00,8.00,40.00,0.00,0.00,0.00"],
    ),
    "a store that is always closed": (
        {"store_status.csv": POLL, "timezones.csv": UTC_ZONE}
        | {"business_hours.csv": HOURS + "".join(f"a,{day},Closed,Closed\n" for day in range(7))},
        ["a,0.00,0.00,0.00,0.00,0.00,0.00"],
    ),
    "ends after midnight": (
        {"store_status.csv": POLL, "timezones.csv": UTC_ZONE}
        | {"business_hours.csv": HOURS + "a,0,18:00,26:00\na,1,18:00,24:30\na,2,01:00,25:30:00\n"},
        ["a,60.00,21.50,39.00,0.00,0.00,0.00"],
    ),
    "names in the singular": (
        {"store_status.csv": HALF.format("a"), "store_timezone.csv": ZONES + "a,America/New_York\n"}
        | {"store_business_hours.csv": HOURS + "a,2,09:00:00,17:00:00\n"},
        ["a,0.00,1.00,7.00,60.00,1.00,1.00"],
    ),
    "weekdays by name": (
        {"store_status.csv": POLL, "timezones.csv": UTC_ZONE}
        | {"business_hours.csv": HOURS + "a,Monday,09:00,17:00\na,Tue,09:00,17:00\na,WEDNESDAY,09:00,17:00\n"},
        ["a,60.00,8.00,24.00,0.00,0.00,0.00"],
    ),
    "rows of commas only": (
        {"store_status.csv": POLL.replace("\n", ",,\n") + ",,,,\n" * 40},
        ["a,60.00,24.00,168.00,0.00,0.00,0.00"],
    ),
    "the header again": (
        {"store_status.csv": POLL + POLL.replace("a,active", "b,active")},
        ["a,60.00,24.00,168.00,0.00,0.00,0.00", "b,60.00,24.00,168.00,0.00,0.00,0.00"],
    ),
    "semicolons": (
        {"store_status.csv": POLL.replace(",", ";")},
        ["a,60.00,24.00,168.00,0.00,0.00,0.00"],
    ),
    "stores without a zone": (
        {"store_status.csv": POLL + "b,active,2023-01-25 13:00:00 UTC\n", "timezones.csv": ZONES + "a,NULL\nb,\n"},
        ["a,60.00,24.00,168.00,0.00,0.00,0.00", "b,60.00,24.00,168.00,0.00,0.00,0.00"],
    ),
    "zones in other spellings": (
        {"store_status.csv": HALF.format("a"), "business_hours.csv": HOURS + "a,2,09:00,17:00\n"}
        | {"timezones.csv": ZONES + "a,Eastern Standard Time\n"},
        ["a,0.00,1.00,7.00,60.00,1.00,1.00"],
    ),
    "offsets after a blank": (
        {"store_status.csv": HALF.format("a").replace("15:00:00 UTC", "17:00:00 +0200")},
        ["a,0.00,23.00,167.00,60.00,1.00,1.00"],
    ),
    "equal copies of a snapshot": (
        {"store_status.csv": POLL, "timezones.csv": UTC_ZONE, "timezones (1).csv": UTC_ZONE},
        ["a,60.00,24.00,168.00,0.00,0.00,0.00"],
    ),
}


@pytest.fixture
def report(engine: Engine, settings: Settings, tmp_path: Path):
    """Writes a folder, and returns the rows of its report."""

    def compute(files: dict[str, str | bytes]) -> list[str]:
        folder = tmp_path / "data"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        published = run_report(engine, folder, tmp_path / "reports", settings=settings, as_of=AS_OF)
        return published.csv.decode().splitlines()[1:]

    return compute


@pytest.mark.parametrize("name", FOLDERS)
def test_the_report_is_as_its_owner_means(report, name: str) -> None:
    files, expected = FOLDERS[name]
    assert report(files) == expected


def test_shards_of_an_export_are_one_snapshot(report, engine: Engine) -> None:
    files = {
        "store_status.csv": POLL + "b,active,2023-01-25 13:00:00 UTC\n",
        "bq-results-20230125-000000000000.csv.gz": gzip.compress((ZONES + "a,America/New_York\n").encode()),
        "bq-results-20230125-000000000001.csv.gz": gzip.compress((ZONES + "b,America/Denver\nb,Mars\n").encode()),
    }
    report(files)
    with engine.connect() as connection:
        zones = connection.execute(text("select timezone from core.store_timezone order by 1")).scalars().all()
        (row,) = connection.execute(text("select line_number, raw_text from quality.quarantined_row")).all()
    assert zones == ["America/Denver", "America/New_York"]
    assert row == (5, "bq-results-20230125-000000000001.csv.gz, line 3: b,Mars")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"business_hours.csv": HOURS + "a,2,09:00,12:00\n", "business_hours (1).csv": HOURS + "a,2,09:00,22:00\n"},
            r"2 files for business_hours that differ \(business_hours.csv, business_hours \(1\).csv\)",
        ),
        (
            {"bq-results-000000000000.csv": ZONES + "a,UTC\n", "bq-results-000000000002.csv": ZONES + "b,UTC\n"},
            "holds shards 0, 2 of the export bq-results-",
        ),
    ],
)
def test_snapshots_that_are_not_one_stop_the_dag_run(report, files: dict[str, str], message: str) -> None:
    with pytest.raises(InputFolderError, match=message):
        report({"store_status.csv": POLL} | files)


def test_ids_that_a_spreadsheet_rounded_stop_the_dag_run(report) -> None:
    files = {
        "store_status.csv": HALF.format("7340112233445566778"),
        "business_hours.csv": HOURS + "7340112233445560000,2,09:00,17:00\n",
    }
    with pytest.raises(ExpectationFailedError, match=r"none of its 1 stores \(for example 7340112233445560000\)"):
        report(files)
