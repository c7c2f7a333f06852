"""Small folders as real tools write them, each with the report that its owner means."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import Engine, text

from store_uptime.errors import ExpectationFailedError, InputFileError, InputFolderError
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
    "nulls of a database are closed days": (
        {"store_status.csv": POLL, "timezones.csv": UTC_ZONE}
        | {"business_hours.csv": HOURS + "a,0,NULL,NULL\na,1,(null),(null)\na,2,09:00,17:00\na,3,\\N,\\N\n"},
        ["a,60.00,7.00,8.00,0.00,0.00,0.00"],
    ),
    "spans of Python": (
        {"store_status.csv": POLL, "timezones.csv": UTC_ZONE}
        | {"business_hours.csv": HOURS + 'a,1,0 days 18:00:00,"1 day, 2:00:00"\n'},
        ["a,0.00,8.00,8.00,0.00,0.00,0.00"],
    ),
    "a first line that names the separator": (
        {"store_status.csv": "sep=;\n" + POLL.replace(",", ";")},
        ["a,60.00,24.00,168.00,0.00,0.00,0.00"],
    ),
    "the header again, in other words": (
        {"store_status.csv": POLL, "timezones.csv": UTC_ZONE}
        | {"business_hours.csv": HOURS + "a,2,09:00,17:00\n" + HOURS.replace("day", "dayOfWeek") + "a,3,09:00,17:00\n"},
        ["a,60.00,7.00,16.00,0.00,0.00,0.00"],
    ),
    "an abbreviation after the offset": (
        {"store_status.csv": HALF.format("a").replace("15:00:00 UTC", "10:00:00 -0500 EST")},
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


def test_empty_shards_are_fine(report) -> None:
    files = {
        "store_status.csv": HALF.format("a"),
        "business_hours.csv": HOURS + "a,2,09:00,17:00\n",
        "timezones-000000000000.csv": ZONES,
        "timezones-000000000001.csv": ZONES + "a,America/New_York\n",
    }
    assert report(files) == ["a,0.00,1.00,7.00,60.00,1.00,1.00"]


def test_what_bigquery_names_by_the_date_is_what_its_header_says(report) -> None:
    files = {
        "bq-results-20230125-120000-1.csv": HALF.format("a"),
        "bq-results-20230125-120100-2.csv.gz": gzip.compress((HOURS + "a,2,09:00,17:00\n").encode()),
        "bq-results-20230125-120200-3.csv": ZONES + "a,America/New_York\n",
    }
    assert report(files) == ["a,0.00,1.00,7.00,60.00,1.00,1.00"]


def test_obvious_names_are_read(report) -> None:
    files = {
        "Store Status (1).csv": HALF.format("a"),
        "Business-Hour.CSV": HOURS + "a,2,09:00,17:00\n",
        "store time zones - Copy.csv": ZONES + "a,America/New_York\n",
    }
    assert report(files) == ["a,0.00,1.00,7.00,60.00,1.00,1.00"]


def test_a_copy_that_a_browser_made_of_a_compressed_file_is_read(report) -> None:
    hours = gzip.compress((HOURS + "a,2,09:00,17:00\n").encode())
    files = {"store_status.csv": HALF.format("a"), "timezones.csv": ZONES + "a,America/New_York\n"}
    assert report(files | {"business_hours.csv (1).gz": hours}) == ["a,0.00,1.00,7.00,60.00,1.00,1.00"]


UNREAD = {
    "opening times.csv": HOURS.encode(),
    "business_hours_new.csv": HOURS.encode(),
    "notes.txt": b"store_id is text\n",
    "stores.csv": b"store_id,name\n",
    "tz.csv.gz": gzip.compress(UTC_ZONE.encode()),
    "tz.csv.zst": zstandard.compress(UTC_ZONE.replace(",", ";").encode()),
    "zones.txt": UTC_ZONE.replace(",", "\t").encode("utf-16"),
    "menu_hours.xlsx": b"PK\x03\x04",
    "store_status.csv.zip": b"PK\x03\x04",
    "broken.csv.gz": b"\x1f\x8b",
    ".business_hours.csv": HOURS.encode(),
    "~$hours.csv": b"",
}


def test_files_that_were_meant_as_input_are_named(report, engine: Engine) -> None:
    report({"store_status.csv": POLL} | UNREAD)
    with engine.connect() as connection:
        named = connection.execute(text("select unread_files from report.report")).scalar_one()
    assert sorted(named) == sorted(
        [
            *("opening times.csv", "business_hours_new.csv", "tz.csv.gz", "tz.csv.zst", "zones.txt"),
            *("menu_hours.xlsx", "store_status.csv.zip"),
        ]
    )


def test_without_a_status_file_the_likely_one_is_named(report) -> None:
    with pytest.raises(InputFolderError, match=r"no status file .*; it holds polls\.csv, which has another name"):
        report({"polls.csv": POLL, "timezones.csv": UTC_ZONE})


def test_all_that_is_wrong_is_named_at_once(report) -> None:
    files = {
        "store_status.csv": "store_id,timestamp_utc\na,2023-01-25 13:00:00 UTC\n",
        "store_status_2.csv": POLL.replace(",", "|"),
        "store_status_3.csv": b"",
        "business_hours.csv": HOURS + "a,2,09:00,12:00\n",
        "business_hours (1).csv": HOURS + "a,2,09:00,22:00\n",
        "timezones-000000000001.csv": UTC_ZONE,
    }
    with pytest.raises(InputFolderError) as error:
        report(files)
    assert error.value.problem == (
        "5 problems: (1) holds shards 1 of the export timezones-*; expected all from 0 to 1, each once."
        " (2) holds 2 files for business_hours that differ (business_hours.csv, business_hours (1).csv);"
        " keep the one that is right."
        " (3) store_status.csv, line 1, column status: is missing from the header (store_id, timestamp_utc);"
        " expected one column status."
        " (4) store_status_2.csv, line 1: its columns are separated by '|' (store_id|status|timestamp_utc);"
        " expected commas, semicolons or tabs."
        " (5) store_status_3.csv: is empty; expected a header line with store_id, status, timestamp_utc."
    )


def test_all_columns_that_are_missing_are_named(report) -> None:
    with pytest.raises(InputFileError) as error:
        report({"store_status.csv": POLL, "business_hours.csv": "store_id,day\na,1\n"})
    assert str(error.value) == (
        "business_hours.csv, line 1, column start_time_local: is missing from the header, column end_time_local is"
        " missing from the header (store_id, day); expected one column start_time_local, one column end_time_local."
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"business_hours.csv": HOURS + "".join(f"a,{day},09:00,17:00\n" for day in range(1, 8))},
            r"business_hours\.csv, line 8, column day: its weekdays count from 1 to 7: .*subtract 1",
        ),
        (
            {"timezones.csv": UTC_ZONE + "timezone_str,store_id\nAmerica/Denver,b\n"},
            r"timezones\.csv, line 3: the header comes again, with its columns in another order",
        ),
    ],
)
def test_what_would_be_understood_wrong_stops_the_dag_run(report, files: dict[str, str], message: str) -> None:
    with pytest.raises(InputFileError, match=message):
        report({"store_status.csv": POLL} | files)


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
