"""Columns of texts are parsed at once: the same as each text on its own, read by Python's `datetime`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from store_uptime.ingest.parsing import parsed_status, parsed_timestamps

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
