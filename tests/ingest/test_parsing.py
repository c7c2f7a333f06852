"""Columns of texts are parsed at once: the same as each text on its own, read by Python's `datetime`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store_uptime.ingest.parsing import (
    EARLIEST_US,
    is_closed,
    is_without_zone,
    parse_end_time_us,
    parse_start_time_us,
    parse_timezone,
    parse_weekday,
    parsed_and_tolerated_timestamps,
    parsed_status,
    parsed_timestamps,
)

USUAL = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: UTC|Z)?", re.ASCII)


def numbers(most: int, width: int = 2) -> st.SearchStrategy[str]:
    return st.integers(0, most).map(lambda number: f"{number:0{width}}")


stamps = st.builds(
    "{}-{}-{}{}{}:{}:{}{}{}".format,
    numbers(9999, 4),
    numbers(13),
    numbers(32),
    st.sampled_from(" T"),
    numbers(24),
    numbers(60),
    numbers(60),
    st.one_of(st.just(""), st.from_regex(r"\.[0-9]{1,6}", fullmatch=True)),
    st.sampled_from(["", " UTC", "Z"]),
)


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """A time stamp with a character replaced, left out or put in."""
    text = draw(stamps)
    at = draw(st.integers(0, len(text)))
    left_out = draw(st.integers(0, 1))
    return text[:at] + draw(st.one_of(st.just(""), st.sampled_from("0:-. TZé"))) + text[at + left_out :]


def microseconds(text: str) -> int | None:
    """What a usual time stamp means; None for all others."""
    match = USUAL.fullmatch(text)
    if not match:
        return None
    day, clock, fraction = match.groups()
    try:
        instant = datetime.fromisoformat(f"{day}T{clock}.{fraction or '':0<6}+00:00")
    except ValueError:
        return None
    if instant < datetime(2, 1, 1, tzinfo=UTC):
        return None
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


@given(st.lists(st.one_of(stamps, spoiled()), max_size=20))
@example(["2023-02-29 00:00:00 UTC", "2024-02-29 00:00:00 UTC", "1900-02-29 00:00:00", "9999-12-31T23:59:59.999999Z"])
@example(["0001-12-31 23:59:59", "0002-01-01 00:00:00", "0000-01-01 00:00:00", ""])
@example(["2023-01-22 12:09:39.388884 UTC" + " " * 5, "2023-01-22 12:09:39. UTC", "2023-01-22 12:09:39Z UTC"])
def test_time_stamps(texts: list[str]) -> None:
    found = parsed_timestamps(pl.Series(texts, dtype=pl.String)).to_list()
    for text, instant in zip(texts, found, strict=True):
        if USUAL.fullmatch(text):
            assert instant == microseconds(text), text
        else:
            assert [instant] == parsed_timestamps(pl.Series([text])).to_list(), text


# As Python reads other spellings, one by one; a mark between numbers is the same each time.
OTHER = re.compile(
    r"(\d{4}([-/]?)\d\d\2\d\d)[T ] ?(\d\d?)((?:(:?)\d\d(?:\5\d\d(?:[.,]\d+)?)?)?)"
    r" ?(?:Z|UTC|GMT|([+-]\d\d(?:(:?)[0-5]\d(?:\7[0-5]\d)?)?)(?: ?(Z|[A-Z]{3,5}))?)?",
    re.ASCII,
)
two_digits = st.integers(0, 62).map("{:02}".format)
blanks = st.sampled_from(["", " ", "  ", "\t", "\u00a0", "\u3000", "\x1f", "\u200b"])


@st.composite
def other_stamps(draw: st.DrawFn) -> str:
    """A time stamp, mostly, as only some tools write them."""
    mark, colon, offset_colon = (draw(st.sampled_from(marks)) for marks in (["-", "/", ""], [":", ""], [":", ""]))
    date = mark.join([draw(st.sampled_from(["2023", "0001", "1970"])), draw(st.sampled_from(["01", "12", "13"]))])
    numbers = draw(st.lists(two_digits, min_size=1, max_size=3))
    numbers[0] = draw(st.sampled_from([numbers[0], numbers[0][1]]))
    fraction = draw(st.from_regex(r"([.,][0-9]{1,8})?", fullmatch=True)) if len(numbers) == 3 else ""
    offset = offset_colon.join(draw(st.lists(st.sampled_from(["00", "05", "23", "24", "59", "60"]), max_size=3)))
    zone = draw(st.sampled_from(["", "Z", "utc", "GMT"])) if not offset else draw(st.sampled_from("+-")) + offset
    name = draw(st.sampled_from(["", "UTC", "Z", "MST", "cest", "ıst", "ABCDEF"])) if offset else ""
    text = f"{date}{mark}{draw(two_digits)}{draw(st.sampled_from('T t'))}{draw(blanks)}{colon.join(numbers)}{fraction}"
    text += f"{draw(blanks)}{zone}{draw(blanks)}{name}"
    at, left_out = draw(st.integers(0, len(text))), draw(st.integers(0, 1))
    put_in = draw(st.sampled_from([*[""] * 8, "0", ":", "-", "é", "٣"]))
    return text[:at] + put_in + text[at + (left_out if put_in else 0) :]


def other_microseconds(text: str) -> int | None:
    match = OTHER.fullmatch(re.sub(r"\s+", " ", text).strip().upper())
    if not match or (len(match[3]) == 1 and match[5] != ":"):
        return None
    if match[8] in ("UTC", "GMT", "Z") and match[6].strip("+-0:"):
        return None
    try:
        instant = datetime.fromisoformat(f"{match[1].replace('/', '-')}T{match[3]:0>2}{match[4]}{match[6] or '+00:00'}")
        delta = instant.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    instant_us = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
    return instant_us if instant_us >= EARLIEST_US else None


@given(st.lists(other_stamps(), max_size=20))
@example(["2023-01-22 120:0:00", "2023-01-22 12:0039", "2023-01/22 12:00", "20230122T12+0530", "2023-01-22 930"])
@example(
    ["2023-01-22 12:00:00 +05:75", "2023-01-22 12:00:00 +23:59:59", "2023-01-22 12:00:00 +24", "0001-12-31 23 -10"]
)
@example(["2023-01-22 12:00 +0000 UTC"] * 3 + ["2023-01-22 12:00 +0100 UTC"])
def test_other_spellings_of_time_stamps(texts: list[str]) -> None:
    found, _ = parsed_and_tolerated_timestamps(pl.Series(texts, dtype=pl.String))
    assert found.to_list() == [other_microseconds(text) for text in texts], texts


def test_other_spellings_are_told_apart() -> None:
    texts = ["2023-01-22 12:09:39 UTC", "2023-01-22T12:09:39+02:00", "2023-01-22 12:09 UTC", "never", "0001-01-22 9:00"]
    _, tolerated = parsed_and_tolerated_timestamps(pl.Series(texts))
    assert tolerated.to_list() == [False, False, True, False, False]


def test_time_stamps_of_several_files_are_read_together() -> None:
    column = pl.Series(["2023-01-25 10:00:00 UTC"]).append(pl.Series(["", "soon", "2023-02-30 10:00:00 UTC"]))
    assert column.n_chunks() == 2
    assert parsed_timestamps(column).to_list() == [1_674_640_800_000_000, None, None, None]


def test_a_time_stamp_that_is_none_is_null_and_the_rare_spellings_are_read() -> None:
    texts = {
        "2023-01-22 12:09:39.472 UTC": 1_674_389_379_472_000,
        "2023-01-22T12:09:39+02:00": 1_674_382_179_000_000,
        " 2023-01-22 12:09:39 UTC ": 1_674_389_379_000_000,
        "2023-01-22 12:09:39 utc": 1_674_389_379_000_000,
        "2023-01-22t12:09:39z": 1_674_389_379_000_000,
        "2023-01-22T12:09:39.5+0200": 1_674_382_179_500_000,
        "2023-01-22 12:09": 1_674_389_340_000_000,
        "2023-01-22 12:09:60 UTC": None,
        "2023-01-22 24:00:00 UTC": None,
        "2023-01-22 12:09:39. UTC": None,
        "2023-13-22 12:09:39 UTC": None,
        "2023-01-22": None,
        "２０23-01-22 12:09:39 UTC": None,
        "": None,
    }
    assert parsed_timestamps(pl.Series(list(texts))).to_list() == list(texts.values())


def test_status() -> None:
    texts = {"active": True, "inactive": False, " Active": True, "INACTIVE ": False, "act ive": None, "": None}
    assert parsed_status(pl.Series(list(texts))).to_list() == list(texts.values())
    assert parsed_status(pl.Series(["active", "inactive"])).to_list() == [True, False]
    assert parsed_status(pl.Series([], dtype=pl.String)).to_list() == []


@pytest.mark.parametrize(
    "text",
    [
        "2023-01-25 15:00:00 +0000",
        "2023-01-25 15:00:00.000 +0000",
        "2023-01-26 00:00:00 +09:00",
        "2023-01-25 15:00:00 +0000 UTC",
        "2023-01-25 15:00:00+00:00 UTC",
        "2023-01-25 15:00:00 GMT",
        "2023-01-25 15:00:00 Z",
        "2023-01-25t15:00:00z",
        "2023-01-25T15:00Z",
        "2023-01-25 15:00:00,0",
        "2023-01-25\u00a015:00:00 UTC",
        "2023-01-25  15:00:00 UTC",
        "2023-01-25T20:30:00+0530",
        "2023-01-25 10:00:00 -0500 EST",
        "2023/01/25 15:00:00",
    ],
)
def test_spellings_of_a_time_stamp(text: str) -> None:
    assert parsed_timestamps(pl.Series([text]))[0] == microseconds("2023-01-25 15:00:00")


def test_an_hour_may_have_one_digit() -> None:
    assert parsed_timestamps(pl.Series(["2023-01-25 9:00:00 UTC"]))[0] == microseconds("2023-01-25 09:00:00")


@pytest.mark.parametrize(
    "text",
    [
        "1/25/2023 15:00",
        "1/25/2023 3:00:00 PM",
        "25.01.2023 15:00",
        "2023-01-25",
        "1674658800",
        "2023-01-25 15:00:00 +0100 UTC",
        "2023-01-25 15:00:60 UTC",
        "2023-01-25 24:00:00 UTC",
        "2023-01-25 900 UTC",
        "2023-01-25 15:00:00 EST",
        "2023-01/25 15:00:00",
        "2023-01-25 03:00:00 +0000 PM",
    ],
)
def test_what_is_ambiguous_is_no_time_stamp(text: str) -> None:
    assert parsed_timestamps(pl.Series([text]))[0] is None


HOUR_US = 3_600_000_000


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        *(("09:00", 9), ("9:00", 9), ("09:30:00", 9.5), ("9:00 AM", 9), ("5:30:00 PM", 17.5), ("9:00am", 9)),
        *(("12:00 AM", 0), ("12:00:00 PM", 12), ("9:00 a.m.", 9), ("0 days 09:00:00", 9), (" 9:00\u202fPM ", 21)),
    ],
)
def test_spellings_of_a_clock_time(text: str, hours: float) -> None:
    assert parse_start_time_us(text) == parse_end_time_us(text) == hours * HOUR_US


@pytest.mark.parametrize(
    ("text", "hours"), [("24:00", 24), ("24:30", 24.5), ("26:00", 26), ("48:00", 48), ("1 days 02:00:00", 26)]
)
def test_an_end_may_be_on_the_next_date(text: str, hours: float) -> None:
    assert parse_end_time_us(text) == hours * HOUR_US
    assert parse_start_time_us(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "9 am",
        "13:00 PM",
        "0:30 AM",
        "9:60",
        "9:00:60",
        "48:01",
        "24::",
        "09:00:00:00",
        "-1:00",
        "9h",
        "0 days 25:00:00",
    ],
)
def test_what_is_no_clock_time(text: str) -> None:
    assert parse_start_time_us(text) is None
    assert parse_end_time_us(text) is None


def test_weekdays_have_numbers_and_english_names() -> None:
    texts = ["0", "06", "Monday", "Tue", "WEDNESDAY", "thurs.", " fri ", "7", "-1", "Montag", "", "1.0"]
    assert [parse_weekday(text) for text in texts] == [0, 6, 0, 1, 2, 3, 4, None, None, None, None, None]


def test_zones_in_other_spellings() -> None:
    assert {parse_timezone(text) for text in ("america/new_york", "America/New York", " Eastern Standard Time")} == {
        "America/New_York"
    }
    assert parse_timezone("utc") == "UTC"
    assert [parse_timezone(text) for text in ("GMT+5", "EDT", "America/New-York", "-05:00")] == [None] * 4
    assert all(is_without_zone(text) for text in ("", " ", "NULL", "N/A", "null"))
    assert not is_without_zone("UTC")


def test_both_times_say_that_a_store_is_closed() -> None:
    start, end = pl.Series(["", "Closed", " closed ", "09:00", ""]), pl.Series(["", "CLOSED", "", "", "17:00"])
    assert is_closed(start, end).to_list() == [True, True, True, False, False]
