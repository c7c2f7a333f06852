"""What is checked of rows whatever file they are in: unusable values, and those that are tolerated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import polars as pl

from store_uptime.calendar.zones import as_utc
from store_uptime.errors import InputFileError
from store_uptime.ingest.csv_reader import Unusable
from store_uptime.ingest.parsing import parsed_and_tolerated_timestamps, parsed_status
from store_uptime.ingest.safe_open import InputAccess
from store_uptime.ingest.store_keys import LONGEST_STORE_ID_BYTES, StoreKeys

CLOCK_TOLERANCE = timedelta(hours=1)
US_PER_YEAR = 31_557_600_000_000  # of 365.25 days
OTHER_TIMESTAMPS = "time stamps in other spellings"
TIMESTAMP_EXAMPLE = "a time stamp such as 2023-01-22 12:09:39.388884 UTC"


class HasRawText(Protocol):
    """A batch, or several."""

    def raw_of(self, line: int, /) -> str:
        """The raw text of the row that begins on a line."""


@dataclass
class Faults:
    """The unusable rows of a batch: the first fault of each line; and the lines of what was tolerated, by what it is.

    A line is there for each of its values that was tolerated.
    """

    found: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    tolerated_lines: dict[str, pl.Series] = field(default_factory=dict)

    @property
    def tolerated(self) -> Counter[str]:
        """How many values were tolerated, by what."""
        return Counter({what: lines.len() for what, lines in self.tolerated_lines.items()})

    def add(self, rows: pl.DataFrame, mask: pl.Series, column: str, expected: str) -> None:
        """Notes the rows where `mask` is true, with the value that stands in `column`."""
        if mask.any():
            for line, value in rows.filter(mask).select("line", column).iter_rows():
                self.found.setdefault(line, (column, value, expected))

    def tolerate(self, what: str, rows: pl.DataFrame, mask: pl.Series) -> None:
        """Notes the rows where `mask` is true."""
        if mask.any():
            lines = rows["line"].filter(mask)
            before = self.tolerated_lines.get(what)
            self.tolerated_lines[what] = lines if before is None else pl.concat([before, lines])

    def tolerate_other(
        self, what: str, rows: pl.DataFrame, column: str, is_plain: Callable[[str], bool], values: pl.Series
    ) -> None:
        """Notes the rows whose text in `column` has a value although it is not spelled as documented."""
        distinct = rows[column].unique()
        other = distinct.filter(pl.Series([not is_plain(text) for text in distinct], dtype=pl.Boolean))
        if other.len():
            self.tolerate(what, rows, rows[column].is_in(other.implode()) & values.is_not_null())

    def of_lines(self, lines: pl.Series) -> Faults:
        """What is noted of some lines."""
        chosen = set(lines) if self.found else ()
        found = {line: fault for line, fault in self.found.items() if line in chosen}
        tolerated = {what: noted.filter(noted.is_in(lines.implode())) for what, noted in self.tolerated_lines.items()}
        return Faults(found, {what: noted for what, noted in tolerated.items() if noted.len()})

    def without(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` but for the unusable ones."""
        lines = pl.Series(list(self.found), dtype=pl.Int64)
        return rows.filter(~pl.col("line").is_in(lines.implode())) if self.found else rows

    def of(self, batch: HasRawText) -> list[Unusable]:
        """The faults with reason and raw text."""
        return [
            Unusable(line, column, f"{column} is {_shown(value)}; {expected}", batch.raw_of(line))
            for line, (column, value, expected) in self.found.items()
        ]


def check_ids(rows: pl.DataFrame, faults: Faults) -> None:
    """Notes the rows without a usable id: their `store_key` is null."""
    unusable = rows["store_key"].is_null()
    if unusable.any():
        is_blank = rows["store_id"].str.len_bytes() <= LONGEST_STORE_ID_BYTES
        faults.add(rows, unusable & is_blank, "store_id", "expected an id that is not blank")
        faults.add(rows, unusable & ~is_blank, "store_id", f"expected at most {LONGEST_STORE_ID_BYTES:,} bytes")


def check_number_of_stores(name: str, keys: StoreKeys, access: InputAccess) -> None:
    """Raises `InputFileError` if the files so far, the last one called `name`, name too many stores."""
    if len(keys) > access.max_stores:
        raise InputFileError(
            name,
            f"brings the stores that files name to more than {access.max_stores:,}",
            "fewer store ids, or a larger STORE_UPTIME_MAX_STORES",
        )


def latest_of(clock: datetime) -> int:
    """The latest instant that a poll may have, in microseconds since 1970: clocks of other machines may be fast."""
    latest = as_utc(clock) + CLOCK_TOLERANCE
    return int(latest.timestamp()) * 1_000_000 + latest.microsecond


def check_polls(rows: pl.DataFrame, faults: Faults, latest_us: int) -> pl.DataFrame:
    """Typed columns of polls, of which none may be later than `latest_us`: `line`, `polled_at`, `is_active`."""
    status = parsed_status(rows["status"])
    faults.add(rows, status.is_null(), "status", "expected active or inactive")
    polled_at, tolerated = parsed_and_tolerated_timestamps(rows["timestamp_utc"])
    faults.add(rows, polled_at.is_null(), "timestamp_utc", f"expected {TIMESTAMP_EXAMPLE}")
    faults.tolerate(OTHER_TIMESTAMPS, rows, tolerated)
    faults.add(rows, (polled_at > latest_us).fill_null(False), "timestamp_utc", "more than an hour ahead of the clock")
    return pl.DataFrame({"line": rows["line"], "polled_at": polled_at, "is_active": status})


def usable_instants(polls: pl.DataFrame, latest_us: int) -> pl.DataFrame:
    """The usable ones of typed polls with `store_key`: how old a poll may be does not depend on unusable rows."""
    return polls.filter(
        (pl.col("polled_at") <= latest_us) & pl.all_horizontal(pl.col("is_active", "store_key").is_not_null())
    )


def add_too_old(rows: pl.DataFrame, are_too_old: pl.Series, faults: Faults, max_poll_years: int) -> None:
    """Notes the rows of polls that are much older than the newest one of their file: each month is a table."""
    reason = f"more than {max_poll_years} years before the newest one of the file"
    faults.add(rows, are_too_old, "timestamp_utc", reason)


def _shown(value: str) -> str:
    return repr(value if len(value) <= 100 else value[:97] + "...")
