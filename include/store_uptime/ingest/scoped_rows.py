"""What the rows of the optional inputs mean: groups of stores, special hours, planned downtime and targets.

All but groups have a scope: a store, a group, or all stores. Ids are kept as they are; blanks around the kind and the
name of a group are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import polars as pl

from store_uptime.ingest.checks import Faults
from store_uptime.ingest.kinds import GROUP
from store_uptime.ingest.parsing import (
    ANY_BLANKS,
    NO_VALUE,
    is_closed,
    is_plain_clock_time,
    is_plainly_closed,
    parse_end_time_us,
    parse_start_time_us,
    parsed,
    parsed_timestamps,
)
from store_uptime.ingest.store_keys import LONGEST_STORE_ID_BYTES

ALL_STORES = "*"
# `timezone` is a kind of group without any file, `store` and `all` are words for other scopes.
TIMEZONE = "timezone"
RESERVED_KINDS = ("store", "all", TIMEZONE)
LONGEST_KIND_BYTES, LONGEST_NAME_BYTES = 200, 1024  # for an index

DATE = re.compile(r"(\d{4})([-/])(\d\d)\2(\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
PLAIN_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
FIRST_YEAR, LAST_YEAR = 2, 9998
PERCENT = re.compile(r"(?P<whole>\d{1,2})(?:\.(?P<decimals>\d{1,3})0*)?(?P<sign> ?%)?", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_US = (datetime(LAST_YEAR, 12, 31, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
# What a time stamp with a zone ends with: a name, or an offset after the time.
ZONE = r"[A-Za-z]$|[Tt ] ?[0-9][0-9:.,]* ?[+-]"
BLANK_NAMES = [text for text in NO_VALUE if text]

DATE_EXAMPLE = "a date such as 2023-12-25"
START_EXAMPLE = "a clock time such as 09:30:00, or both times blank for a closed date"
END_EXAMPLE = "a clock time such as 17:30:00, up to 48:00, or both times blank for a closed date"
MOMENT_EXAMPLE = "a time such as 2023-01-22 12:09:39 UTC, or without a zone on each store's own clock"
PERCENT_EXAMPLE = "a percentage more than 0 and less than 100, with at most three decimals, such as 99.5, or nothing"

Check = Callable[[pl.DataFrame, Faults, Counter[str]], pl.DataFrame]


def check_scopes(rows: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    """`store_id`, `group_kind` and `group_name` of rows, all of them null for all stores; notes unusable scopes."""
    store_id, kind, name = rows["store_id"], *(rows[column].str.strip_chars() for column in GROUP)
    # An export writes NULL or the like into both; one alone may be a name, as NA.
    is_nothing = pl.Series(_are_nothing(kind) & _are_nothing(name))
    has_kind, has_name = ((text != "") & ~is_nothing for text in (kind, name))
    has_store = store_id.str.strip_chars() != ""
    has_group = has_kind & has_name
    half = has_kind != has_name
    faults.add(rows, has_store & (has_kind | has_name), "store_id", "expected an id, or a kind and a name, not both")
    faults.add(rows, half & has_kind, "name", "expected the name of the group of this kind")
    faults.add(rows, half & has_name, "kind", "expected the kind of the group of this name")
    faults.add(rows, ~(has_store | has_kind | has_name), "store_id", "expected an id, * for all stores, or a group")
    _check_id_length(rows, faults)
    _check_group_length(rows, kind, name, faults)
    for word, other in (("store", "store_id"), ("all", "* in store_id")):
        faults.add(rows, has_group & (kind == word), "kind", f"a reserved word; expected {other} instead")
    is_store = has_store & (store_id != ALL_STORES)
    return pl.DataFrame(
        {
            "line": rows["line"],
            "store_id": store_id.set(~is_store, None),
            "group_kind": kind.set(~has_group, None),
            "group_name": name.set(~has_group, None),
        }
    )


def check_groups(rows: pl.DataFrame, faults: Faults, tolerated: Counter[str]) -> pl.DataFrame:
    """The groups of stores: `store_id`, `kind` and `name`."""
    store_id, kind, name = rows["store_id"], *(rows[column].str.strip_chars() for column in GROUP)
    faults.add(rows, store_id.str.strip_chars() == "", "store_id", "expected an id that is not blank")
    faults.add(rows, store_id == ALL_STORES, "store_id", "expected the id of one store")
    _check_id_length(rows, faults)
    faults.add(rows, kind == "", "kind", "expected a kind of group such as region")
    faults.add(
        rows, kind.is_in(list(RESERVED_KINDS)), "kind", f"expected another kind than {', '.join(RESERVED_KINDS)}"
    )
    faults.add(rows, name == "", "name", "expected the name of a group")
    _check_group_length(rows, kind, name, faults)
    return pl.DataFrame({"line": rows["line"], "store_id": store_id, "kind": kind, "name": name})


def check_special_hours(rows: pl.DataFrame, faults: Faults, tolerated: Counter[str]) -> pl.DataFrame:
    """Openings on one local date: scope, `local_date`, and both times in microseconds; null where it is closed."""
    scope = check_scopes(rows, faults)
    closed = is_closed(rows["start_time_local"], rows["end_time_local"])
    local_date = parsed(rows["date"], parse_date, pl.Date)
    faults.add(rows, local_date.is_null(), "date", f"expected {DATE_EXAMPLE}")
    start = parsed(rows["start_time_local"], parse_start_time_us, pl.Int64)
    end = parsed(rows["end_time_local"], parse_end_time_us, pl.Int64)
    faults.add(rows, start.is_null() & ~closed, "start_time_local", f"expected {START_EXAMPLE}")
    faults.add(rows, end.is_null() & ~closed, "end_time_local", f"expected {END_EXAMPLE}")
    _tolerate(tolerated, "dates in other spellings", rows["date"], is_plain_date, local_date)
    for column, times in (("start_time_local", start), ("end_time_local", end)):
        _tolerate(tolerated, "clock times in other spellings", rows[column], is_plain_clock_time, times)
        said = closed.replace(False, None)
        _tolerate(tolerated, "closed days in other words", rows[column], is_plainly_closed, said)
    return scope.with_columns(
        local_date=local_date,
        start_us=start.set(closed, None),
        end_us=end.set(closed, None),
        reason=rows["reason"],
    )


def check_planned_downtime(rows: pl.DataFrame, faults: Faults, tolerated: Counter[str]) -> pl.DataFrame:
    """Planned downtime: scope, and both ends in microseconds, as an instant (`_at`) or on the wall clock (`_local`)."""
    scope = check_scopes(rows, faults)
    ends: dict[str, pl.Series] = {}
    for column in ("starts", "ends"):
        texts = rows[f"{column}_at"]
        ends[f"{column}_at"], ends[f"{column}_local"] = parsed_moments(texts)
        is_unusable = ends[f"{column}_local"].is_null() & ends[f"{column}_at"].is_null()
        if column == "ends":
            is_unusable &= ~_are_nothing(texts.str.strip_chars())
        faults.add(rows, is_unusable, f"{column}_at", f"expected {MOMENT_EXAMPLE}")
    for spelling in ("at", "local"):
        is_backwards = (ends[f"ends_{spelling}"] <= ends[f"starts_{spelling}"]).fill_null(False)
        faults.add(rows, is_backwards, "ends_at", "expected an end after the start")
    return scope.with_columns(**ends, reason=rows["reason"])


def check_targets(rows: pl.DataFrame, faults: Faults, tolerated: Counter[str]) -> pl.DataFrame:
    """Targets: scope, `target_percent` as text (null: none) and `valid_from`."""
    scope = check_scopes(rows, faults)
    percent = parsed(rows["target_percent"], parse_percent, pl.String)
    has_percent = ~_are_nothing(rows["target_percent"].str.strip_chars())
    faults.add(rows, percent.is_null() & has_percent, "target_percent", f"expected {PERCENT_EXAMPLE}")
    valid_from = parsed(rows["valid_from"], parse_date, pl.Date)
    has_date = ~_are_nothing(rows["valid_from"].str.strip_chars())
    faults.add(rows, valid_from.is_null() & has_date, "valid_from", f"expected {DATE_EXAMPLE}, or nothing")
    _tolerate(tolerated, "dates in other spellings", rows["valid_from"], is_plain_date, valid_from)
    _tolerate(tolerated, "percentages with a %", rows["target_percent"], lambda text: "%" not in text, percent)
    return scope.with_columns(target_percent=percent, valid_from=valid_from)


def parse_date(value: str) -> date | None:
    """A date with the year first, such as 2023-12-25, also as tools write the 00:00 of one; else None."""
    found = DATE.fullmatch(value.strip())
    if not found:
        return None
    year, _, month, day = found.groups()
    try:
        parsed_date = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return parsed_date if FIRST_YEAR <= parsed_date.year <= LAST_YEAR else None


def is_plain_date(value: str) -> bool:
    """Whether a date is spelled as the documentation has it, or is none."""
    return not value.strip() or bool(PLAIN_DATE.fullmatch(value.strip()))


def parsed_moments(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Times in any spelling of a time stamp, in microseconds: instants, and those on a wall clock, without a zone."""
    moments = parsed_timestamps(texts)
    moments = moments.set((moments > LATEST_US).fill_null(False), None)
    has_zone = texts.str.replace_all(ANY_BLANKS, " ").str.strip_chars(" ").str.contains(ZONE)
    return moments.set(~has_zone, None), moments.set(has_zone, None)


def parse_percent(value: str) -> str | None:
    """A percentage of more than 0 and less than 100, with at most three decimals, as text; else None."""
    found = PERCENT.fullmatch(value.strip())
    if not found:
        return None
    text = f"{found['whole']}.{found['decimals'] or '0'}"
    return text if text.strip("0.") else None


def _are_nothing(texts: pl.Series) -> pl.Series:
    """Where a text is blank, or how tools write that there is no value."""
    return (texts == "") | texts.str.to_lowercase().is_in(BLANK_NAMES)


def _check_id_length(rows: pl.DataFrame, faults: Faults) -> None:
    is_too_long = rows["store_id"].str.len_bytes() > LONGEST_STORE_ID_BYTES
    faults.add(rows, is_too_long, "store_id", f"expected at most {LONGEST_STORE_ID_BYTES:,} bytes")


def _check_group_length(rows: pl.DataFrame, kind: pl.Series, name: pl.Series, faults: Faults) -> None:
    for column, texts, longest in (("kind", kind, LONGEST_KIND_BYTES), ("name", name, LONGEST_NAME_BYTES)):
        faults.add(rows, texts.str.len_bytes() > longest, column, f"expected at most {longest:,} bytes")


def _tolerate(
    tolerated: Counter[str], what: str, texts: pl.Series, is_plain: Callable[[str], bool], values: pl.Series
) -> None:
    """Counts the texts that have a value although they are not spelled as documented."""
    distinct = texts.unique()
    other = distinct.filter(pl.Series([not is_plain(text) for text in distinct], dtype=pl.Boolean))
    count = int((texts.is_in(other.implode()) & values.is_not_null()).sum()) if other.len() else 0
    if count:
        tolerated[what] += count
