"""What a report can be asked for, and how it is known."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_uptime.calendar.durations import parse_date, parse_duration, parse_instant
from store_uptime.errors import SettingError
from store_uptime.reports.request import report_id_of

INSTANT = datetime(2023, 1, 25, 18, 13, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2023-01-25T18:13:22Z",
        "2023-01-25 18:13:22 UTC",
        "2023-01-25T18:13:22",
        " 2023-01-25T18:13:22.000000+00:00 ",
        "2023-01-25T23:58:22+05:45",
        "2023-01-25T13:13:22-05:00",
        "20230125T181322Z",
    ],
)
def test_spellings_of_an_instant(text: str) -> None:
    assert parse_instant("as_of", text) == INSTANT
    assert parse_instant("as_of", text).tzinfo is UTC


def test_an_instant_may_be_one_already() -> None:
    assert parse_instant("as_of", INSTANT) == INSTANT
    assert parse_instant("as_of", INSTANT.replace(tzinfo=None)) == INSTANT


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "now",
            "yesterday",
            "2023-01-25",
            "2023-01-25 UTC",
            "2023-02-30T00:00:00Z",
            "2023-01-25T25:00:00Z",
            "1674670402",
        ),
        *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "0001-12-31T23:59:59Z"),
        *("9999-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00", "10000-01-01T00:00:00Z"),
    ],
)
def test_what_is_no_instant_is_named(text: str) -> None:
    with pytest.raises(SettingError, match="as_of") as raised:
        parse_instant("as_of", text)
    assert "2023-01-25T18:13:22Z" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        *(("2h", 2), ("2H", 2), (" 2h ", 2), ("90m", 1.5), ("1h30m", 1.5), ("45s", 1 / 80), ("1d", 24), ("1d12h", 36)),
        *(("PT2H", 2), ("P1D", 24), ("P1DT12H", 36), ("PT90M", 1.5), ("P1W", 168), ("P3650D", 87600), ("1.5h", 1.5)),
    ],
)
def test_spellings_of_a_duration(text: str, hours: float) -> None:
    assert parse_duration("max_gap", text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "P",
            "PT",
            "2",
            "h",
            "2x",
            "2 hours",
            "-2h",
            "0h",
            "0s",
            "PT0S",
            "-PT2H",
            "P1Y",
            "P1M",
            "P2H",
            "30m1h",
            "1h1h",
            "4294967298h",
        ),
        *(
            "2023-01-25",
            "P3651D",
            "P999999999W",
            "999999999d999h",
            "99999999999d",
            "PT99999999999999999999H",
            "2h\n3h",
            "nan",
            "inf",
            "1e3h",
            "d",
        ),
    ],
)
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(SettingError, match="max_gap"):
        parse_duration("max_gap", text)


@given(st.text(st.sampled_from("0123456789PTWDHMSpdhms.,:+-/ TZ\n٣²")) | st.text())
def test_any_text_is_read_or_named(text: str) -> None:
    for parse in (parse_instant, parse_duration):
        with suppress(SettingError):
            parse("name", text)


def test_a_uuid_is_its_own_report() -> None:
    run = "7c0f5e0a-52b3-4c4e-9d0b-0a3b8a5f1a11"
    assert report_id_of(run) == UUID(run)


@pytest.mark.parametrize(
    "run",
    [
        "scheduled__2023-01-25T02:00:00+00:00",
        "",
        "7C0F5E0A-52B3-4C4E-9D0B-0A3B8A5F1A11",
        "7c0f5e0a52b34c4e9d0b0a3b8a5f1a11",
    ],
)
def test_other_runs_have_a_report_of_their_own(run: str) -> None:
    assert report_id_of(run) == report_id_of(run)
    assert report_id_of(run).version == 5
    assert report_id_of(run) != report_id_of(run + "x")


def test_a_date() -> None:
    assert parse_date("hours_valid_from", " 2023-03-01 ") == date(2023, 3, 1)


@pytest.mark.parametrize("text", ["", "20230301", "2023-02-29", "01.03.2023", "2023-03-01T00:00:00Z", "0001-01-01"])
def test_what_is_no_date_is_named(text: str) -> None:
    with pytest.raises(SettingError, match=r"hours_valid_from is .*; expected a date such as 2023-03-01"):
        parse_date("hours_valid_from", text)
