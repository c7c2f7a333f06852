"""Whatever a text or a file is, each parser reads it or refuses it as documented, in a short line.

Examples in `corpus/` are run first, and what Hypothesis tries is made of them. What it finds goes into the corpus.
FUZZ_EXAMPLES is the number of examples for each parser: `make test TESTS=tests/security/test_fuzzing.py
FUZZ_EXAMPLES=100000` runs for an hour.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store_uptime.calendar.durations import EARLIEST, LATEST, duration_text, parse_duration, parse_instant
from store_uptime.calendar.zones import known_timezones
from store_uptime.contract import MAX_SHARDS
from store_uptime.errors import InputFileError, SettingError
from store_uptime.ingest import csv_reader
from store_uptime.ingest.csv_reader import CsvReader, header_line
from store_uptime.ingest.kinds import KINDS, Kind, is_in_other_format, kind_by_header, kind_by_name, shard_of
from store_uptime.ingest.parsing import (
    is_closed,
    is_plain_clock_time,
    is_weekday_number,
    is_without_zone,
    is_zone_or_none,
    parse_end_time_us,
    parse_start_time_us,
    parse_timezone,
    parse_weekday,
    parsed_status,
    parsed_timestamps,
)
from store_uptime.ingest.safe_open import InputAccess
from store_uptime.ingest.scoped_rows import parse_date, parse_percent, parsed_moments
from store_uptime.reports.request import read_params
from store_uptime_web import cursors
from store_uptime_web.problems import Problem
from support.report_params import DEFAULTS

CORPUS = Path(__file__).parent / "corpus"
FUZZ = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES") or 300), suppress_health_check=list(HealthCheck), deadline=None
)
DAY_US = 86_400_000_000


def corpus(name: str) -> list[Any]:
    return [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text().splitlines()]


@st.composite
def mutated(draw: st.DrawFn, texts: list[str]) -> str:
    """A text of the corpus with some of it cut out, doubled, or replaced by a part of another one."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 4))):
        first, last = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        other = draw(st.sampled_from(texts))
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(other))] * 2)))
        middle = draw(st.sampled_from(["", text[first:last] * 2, other[start:end]]) | st.text(max_size=3))
        text = text[:first] + middle + text[last:]
    return text


def texts_like(name: str) -> st.SearchStrategy[str]:
    return mutated(corpus(name)) | st.text()


def check_message(message: str, begins: str = "") -> None:
    assert message.isprintable()
    assert len(message) < 600
    assert message.startswith(begins)


# --- what each parser promises ---


def check_instant(text: str) -> None:
    try:
        instant = parse_instant("as_of", text)
    except SettingError as error:
        check_message(str(error))
        return
    assert instant.tzinfo is UTC
    assert EARLIEST <= instant <= LATEST
    assert parse_instant("as_of", instant.isoformat()) == instant


def check_duration(text: str) -> None:
    try:
        span = parse_duration("max_gap", text)
    except SettingError as error:
        check_message(str(error))
        return
    assert timedelta(0) < span <= timedelta(days=3650)
    assert parse_duration("max_gap", duration_text(span)) == span


def check_time_stamp(text: str) -> None:
    plain = "2023-01-22 12:09:39.388884 UTC"
    (alone,) = parsed_timestamps(pl.Series([text], dtype=pl.String))
    beside = parsed_timestamps(pl.Series([plain, text, plain, text], dtype=pl.String))
    assert beside.to_list() == [1_674_389_379_388_884, alone] * 2
    if alone is not None:
        assert 2 <= (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=alone)).year <= 9999


def check_clock_time(text: str) -> None:
    start, end = parse_start_time_us(text), parse_end_time_us(text)
    assert start is None or 0 <= start < DAY_US
    assert end is None or 0 <= end <= 2 * DAY_US
    assert start is None or start == end
    is_plain_clock_time(text)
    assert is_closed(pl.Series([text]), pl.Series([text])).to_list() in ([True], [False])


def check_weekday(text: str) -> None:
    assert parse_weekday(text) in {None, 0, 1, 2, 3, 4, 5, 6}
    is_weekday_number(text)


def check_zone(text: str) -> None:
    assert parse_timezone(text) in {None, *known_timezones()}
    is_without_zone(text)
    is_zone_or_none(text)


def check_status(text: str) -> None:
    assert parsed_status(pl.Series([text, "active"])).to_list() in ([None, True], [True, True], [False, True])


def check_date_or_percent(text: str) -> None:
    found = parse_date(text)
    assert found is None or str(found) in text.replace("/", "-")
    percent = parse_percent(text)
    assert percent is None or 0 < Decimal(percent) < 100
    moments = {one for moment in parsed_moments(pl.Series([text])) for one in moment} - {None}
    assert moments <= set(parsed_timestamps(pl.Series([text])))


def check_name(text: str) -> None:
    kind = kind_by_name(text)
    assert kind in (None, *KINDS)
    assert kind_by_header(text) in (None, *KINDS)
    shard_of(text)
    is_in_other_format(text)


def check_cursor(text: str) -> None:
    for types in ((str, str), (int, int), (str, str, str, int)):
        with suppress(Problem):
            assert [type(value) for value in cursors.decode(text, *types)] == list(types)
    assert cursors.may_be_of_airflow(text) in (True, False)


PARSERS: dict[str, tuple[str, Callable[[str], None]]] = {
    "instants": ("instants", check_instant),
    "durations": ("durations", check_duration),
    "time stamps": ("time_stamps", check_time_stamp),
    "dates and percentages": ("time_stamps", check_date_or_percent),
    "clock times": ("clock_times", check_clock_time),
    "weekdays": ("weekdays", check_weekday),
    "zones": ("zones", check_zone),
    "statuses": ("weekdays", check_status),
    "file names": ("names", check_name),
    "cursors": ("cursors", check_cursor),
}


@pytest.mark.parametrize("parser", PARSERS)
def test_texts(parser: str) -> None:
    name, check = PARSERS[parser]
    for text in corpus(name):
        check(text)
    FUZZ(given(texts_like(name))(check))()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
confs = st.dictionaries(
    st.sampled_from([*DEFAULTS, "asof", "\x1b"]),
    json_values | texts_like("instants") | texts_like("durations") | st.integers(0, MAX_SHARDS + 1),
)


def check_conf(conf: dict[str, Any]) -> None:
    try:
        fields = read_params(DEFAULTS | {name: value for name, value in conf.items() if name in DEFAULTS}, conf)
    except SettingError as error:
        check_message(str(error))
        return
    assert set(conf) <= set(DEFAULTS)
    assert 1 <= fields["shards"] <= MAX_SHARDS
    assert fields["no_data"] in {"unknown", "down"}
    assert fields["store_ids"] is None or all(isinstance(store_id, str) for store_id in fields["store_ids"])


def test_conf() -> None:
    for conf in corpus("conf"):
        check_conf(conf)
    FUZZ(given(confs)(check_conf))()


class InMemory:
    """A file with its content in memory."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.content = name, content

    def open(self, _mode: str) -> BytesIO:
        return BytesIO(self.content)


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}


def check_file(name: str, content: bytes, kind: Kind, chunk_bytes: int) -> None:
    """All rows have numbers that grow, and raw texts; or the file is refused in a line that names it."""
    file = InMemory(name, content)
    with patch.object(csv_reader, "CHUNK_BYTES", chunk_bytes):
        header_line(file, InputAccess())
        try:
            lines: list[int] = []
            for batch in CsvReader(file, kind).batches():
                for line in [*batch.rows["line"], *(misfit.line for misfit in batch.misfits)]:
                    assert line > 1
                    lines.append(line)
                for line in batch.rows["line"]:
                    assert batch.raw_of(line)
                assert set(kind.columns) <= set(batch.rows.columns)
        except InputFileError as error:
            check_message(str(error), name)
            return
    assert len(lines) == len(set(lines))
    assert lines or kind.may_be_empty


files = st.one_of(
    mutated(corpus("csv")).map(lambda text: text.encode("latin-1", "replace")),
    mutated(corpus("csv")).map(lambda text: text.encode("utf-8", "replace")),
    st.binary(),
)


def test_files() -> None:
    for text in corpus("csv"):
        for kind in KINDS:
            for suffix, compress in COMPRESSED.items():
                check_file(f"x.csv{suffix}", compress(text.encode("latin-1")), kind, 1 << 20)

    @FUZZ
    @given(
        files, st.sampled_from(KINDS), st.sampled_from(list(COMPRESSED)), st.sampled_from([1 << 20, 24]), st.booleans()
    )
    def fuzz(content: bytes, kind: Kind, suffix: str, chunk_bytes: int, is_damaged: bool) -> None:
        stored = content if is_damaged else COMPRESSED[suffix](content)
        check_file(f"x.csv{suffix}", stored, kind, chunk_bytes)

    fuzz()
