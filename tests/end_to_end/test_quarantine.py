"""Every kind of row that cannot be used: kept with line, column, reason and raw text, while the good rows go on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from support import small
from support.pipeline import CLOCK, run_report

GOOD = "good,active,2023-01-22 12:09:39 UTC"
STATUS_ROWS = [
    ("s,active,yesterday", "timestamp_utc", "yesterday"),
    ("s,active,", "timestamp_utc", "''"),
    ("s,active,2023-02-30 12:00:00 UTC", "timestamp_utc", "2023-02-30"),
    ("s,active,2023-01-22 24:00:01 UTC", "timestamp_utc", "24:00:01"),
    ("s,active,2023-01-22 12:60:00 UTC", "timestamp_utc", "12:60"),
    ("s,active,2023-01-22 12:00:60 UTC", "timestamp_utc", "12:00:60"),
    ("s,active,2023-01-22", "timestamp_utc", "2023-01-22"),
    ("s,active,22/01/2023 12:00:00", "timestamp_utc", "22/01/2023"),
    ("s,active,2023-01-22 12:00:00 PST", "timestamp_utc", "PST"),
    ("s,active,2023-01-22 12:00:00 UTC UTC", "timestamp_utc", "UTC UTC"),
    ("s,active,2023-01-22 12:00:00+05:30 UTC", "timestamp_utc", "+05:30 UTC"),
    ("s,active,2023-01-22 12:09:39Z UTC", "timestamp_utc", "Z UTC"),
    ("s,active,2023-1-2 3:4:5+00:00", "timestamp_utc", "2023-1-2"),
    ("s,active,+2023-01-22 12:09:39+00:00", "timestamp_utc", "+2023"),
    ("s,active,22/01/2023 12:09:39", "timestamp_utc", "22/01/2023"),
    ("s,active,2023-01-22 12:09:39.+00:00", "timestamp_utc", "39.+00"),
    ("s,active,1674389379", "timestamp_utc", "1674389379"),
    ("s,active,0000-01-01 00:00:00 UTC", "timestamp_utc", "0000-01-01"),
    ("s,active,0001-12-31 23:59:59.999999 UTC", "timestamp_utc", "0001-12-31"),
    ("s,active,10000-01-01 00:00:00 UTC", "timestamp_utc", "10000-01-01"),
    ("s,active,0001-01-01T00:00:00+10:00", "timestamp_utc", "0001-01-01"),
    ("s,active,9999-12-31T23:59:59-10:00", "timestamp_utc", "9999-12-31"),
    ("s,open,2023-01-22 12:09:39 UTC", "status", "open"),
    ("s,,2023-01-22 12:09:39 UTC", "status", "''"),
    ("s,in active,2023-01-22 12:09:39 UTC", "status", "in active"),
    ("s,1,2023-01-22 12:09:39 UTC", "status", "1"),
    (",active,2023-01-22 12:09:39 UTC", "store_id", "blank"),
    ("   ,active,2023-01-22 12:09:39 UTC", "store_id", "blank"),
    ("\x1f,active,2023-01-22 12:09:39 UTC", "store_id", "blank"),
    ("\t\u00a0,active,2023-01-22 12:09:39 UTC", "store_id", "blank"),
    ('"",active,2023-01-22 12:09:39 UTC', "store_id", "blank"),
    ('"\n",active,2023-01-22 12:09:39 UTC', "store_id", "blank"),
    ("s,active", None, "fields"),
    ("s", None, "fields"),
    ("s,active,2023-01-22 12:09:39 UTC,more", None, "fields"),
    ('"s,active,2023-01-22 12:09:39 UTC"', None, "fields"),
    ("s,active,2099-01-01 00:00:00 UTC", "timestamp_utc", "ahead"),
]
HOURS_ROWS = [
    ("s,7,09:00:00,17:00:00", "day", "7"),
    ("s,-1,09:00:00,17:00:00", "day", "-1"),
    ("s,,09:00:00,17:00:00", "day", "weekday"),
    (f"s,{'1' * 5000},09:00:00,17:00:00", "day", "111"),
    ("s,Montag,09:00:00,17:00:00", "day", "Montag"),
    ("s,1.5,09:00:00,17:00:00", "day", "1.5"),
    ("s,²,09:00:00,17:00:00", "day", "²"),
    ("s,0,24:00:00,17:00:00", "start_time_local", "24:00:00"),
    ("s,0,25:00:00,17:00:00", "start_time_local", "25:00:00"),
    ("s,0,9 am,17:00:00", "start_time_local", "9 am"),
    ("s,0,,17:00:00", "start_time_local", "clock"),
    ("s,0,09:00:00,48:00:01", "end_time_local", "48:00:01"),
    ("s,0,09:00:00,24::", "end_time_local", "24::"),
    ("s,0,09:00:00,24:0", "end_time_local", "24:0"),
    ("s,0,09:00:00,24:00:00:00", "end_time_local", "24:00:00:00"),
    ("s,0,09:00:00,17:60:00", "end_time_local", "17:60:00"),
    ("s,0,09:00:00,", "end_time_local", "clock"),
    ("s,0,09:00:00,-01:00:00", "end_time_local", "-01"),
    ("s,0,09:00:00,17:00:00Z", "end_time_local", "17:00:00Z"),
    ("s,0,09:00:00,1e1:00", "end_time_local", "1e1"),
    (",0,09:00:00,17:00:00", "store_id", "blank"),
    ("s,0,09:00:00", None, "fields"),
]
ZONES_ROWS = [
    ("s,Mars/Olympus", "timezone_str", "Mars/Olympus"),
    ("s,america/denvr", "timezone_str", "america/denvr"),
    ("s,GMT+5", "timezone_str", "GMT+5"),
    ("s,../etc/passwd", "timezone_str", "passwd"),
    ("s,/etc/localtime", "timezone_str", "localtime"),
    ("s,America", "timezone_str", "America"),
    ("s,localtime", "timezone_str", "localtime"),
    ("s,zones", "timezone_str", "zones"),
    (",America/Denver", "store_id", "blank"),
    ("s,America/Denver,x", None, "fields"),
]
CASES = {"store_status": STATUS_ROWS, "business_hours": HOURS_ROWS, "store_timezones": ZONES_ROWS}


def quarantined(engine: Engine, kind: str) -> list:
    with engine.connect() as connection:
        return connection.execute(
            text(
                "select line_number, column_name, reason, raw_text from quality.quarantined_row"
                " join core.file using (file_id) where kind = :kind order by line_number"
            ),
            {"kind": kind},
        ).all()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("is_quoted", [False, True], ids=["plain", "with quotes elsewhere"])
@pytest.mark.parametrize("kind", CASES)
def test_unusable_rows_are_kept_and_good_rows_go_on(
    engine: Engine, tmp_path: Path, kind: str, is_quoted: bool, line_end: str
) -> None:
    """With and without quotes in the file: those are two ways to read it, which must agree."""
    rows = [row for row in CASES[kind] if is_quoted or '"' not in row[0]]
    top, *good = small.CONTENTS[kind].removesuffix("\n").split("\n")
    lines, expected, line = [top], [], 2
    if is_quoted:
        lines.append(good[0].replace(",", '",', 1).join(['"', ""]))
        line += 1
    for raw, column, words in rows:
        lines += [raw, "", good[-1]]
        expected.append((line, column, words, raw))
        line += 3 + raw.count("\n")
    lines += good
    # Only the ends of rows: a line end in quotes is the row's own.
    content = "".join(row + line_end for row in lines)
    published = run_report(engine, small.write(tmp_path / "data", **{kind: content}), tmp_path / "reports")

    found = quarantined(engine, kind)
    assert [(row.line_number, row.column_name, row.raw_text) for row in found] == [
        (line, column, raw) for line, column, _, raw in expected
    ]
    for row, (_, _, words, _) in zip(found, expected, strict=True):
        assert words in row.reason
    # A store that only unusable rows name is listed, all the same.
    assert "s" in published.figures
    assert "0042" in published.figures


def test_the_clock_decides_what_is_too_far_ahead(engine: Engine, tmp_path: Path) -> None:
    def row(store_id: str, ahead: timedelta) -> str:
        return f"{store_id},active,{(CLOCK + ahead).strftime('%Y-%m-%d %H:%M:%S.%f')} UTC\n"

    hour, microsecond = timedelta(hours=1), timedelta(microseconds=1)
    content = small.STATUS + row("just", hour) + row("over", hour + microsecond) + row("under", hour - microsecond)
    run_report(engine, small.write(tmp_path / "data", store_status=content), tmp_path / "reports")
    assert [(row.line_number, row.raw_text.split(",")[0]) for row in quarantined(engine, "store_status")] == [
        (8, "over")
    ]


def test_line_numbers_count_physical_lines(engine: Engine, tmp_path: Path) -> None:
    content = (
        "\ufeffstore_id,status,timestamp_utc\r\n"
        '"two\nlines",active,2023-01-22 12:09:39 UTC\r\n'  # lines 2 and 3
        "\n"  # 4
        "s,bad,2023-01-22 12:09:39 UTC\n"  # 5
        '"three\r\n\r\nlines",bad,2023-01-22 12:09:39 UTC\r\n'  # 6 to 8
        "s,also bad,2023-01-22 12:09:39 UTC"  # 9
    )
    run_report(engine, small.write(tmp_path / "data", store_status=content), tmp_path / "reports")
    assert [(row.line_number, row.raw_text) for row in quarantined(engine, "store_status")] == [
        (5, "s,bad,2023-01-22 12:09:39 UTC"),
        (6, '"three\r\n\r\nlines",bad,2023-01-22 12:09:39 UTC'),
        (9, "s,also bad,2023-01-22 12:09:39 UTC"),
    ]


def test_a_file_of_nothing_but_unusable_rows_lists_its_stores(engine: Engine, tmp_path: Path) -> None:
    """(It is for `validate` to stop this; the rows themselves must not break anything.)"""
    folder = small.write(tmp_path / "data", business_hours="store_id,day,start_time_local,end_time_local\nx,9,a,b\n")
    published = run_report(engine, folder, tmp_path / "reports")
    assert set(published.figures) == {"1481966498820158979", "0042", "9007199254740993", "x"}
    assert published.figures["0042"]["last_week"].open == 168 * 3_600_000_000


def test_a_very_long_id_is_unusable_and_does_not_break_anything(engine: Engine, tmp_path: Path) -> None:
    content = small.STATUS + f"{'x' * 100_000},active,2023-01-22 12:09:39 UTC\n"
    published = run_report(engine, small.write(tmp_path / "data", store_status=content), tmp_path / "reports")
    [row] = quarantined(engine, "store_status")
    assert (row.line_number, row.column_name) == (7, "store_id")
    assert len(row.reason) < 300
    assert len(row.raw_text) == 100_000 + len(",active,2023-01-22 12:09:39 UTC")
    assert len(published.figures) == 3
