"""The anomalies of some dates: days in a row of one kind and scope are one row, with a sentence for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row

from store_uptime.db.statements import statement
from store_uptime.errors import StoreUptimeError
from store_uptime.history.questions import Choice, Settlement, check_dates, find_store_keys, read_settlement

ALL_STORES = Choice()
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
# What a store did, on the date, before the hours.
WORDS = {"downtime": "Down", "opened_late": "Opened late by", "closed_early": "Closed early by"}
FAULTS = {
    "missing": "Polls are missing: {observed} came, {expected} were expected",
    "doubled": "Polls came more often than usual: {observed}, {expected} were expected",
    "frozen": "Polls do not change: {observed} said something else than the one before, {expected} were expected",
}


class NotJudgedError(StoreUptimeError):
    """No date is judged yet; `is_off`: nor will any be, because of the setting."""

    def __init__(self, *, is_off: bool = False) -> None:
        super().__init__(
            "No date is judged: STORE_UPTIME_ANOMALIES is off."
            if is_off
            else "No date is judged yet: anomalies are looked for once days of four weeks are settled."
        )


@dataclass(frozen=True)
class AnomalyFilter:
    """Which anomalies are asked about: those of two dates and those between; of chosen stores, or of their group."""

    from_date: date
    until_date: date
    choice: Choice = ALL_STORES

    def __post_init__(self) -> None:
        check_dates(self.from_date, self.until_date)


@dataclass(frozen=True)
class Anomaly:
    """Something unusual; the fields are the columns, in their order. Observed and expected are of all its dates."""

    kind: str
    scope_kind: str
    scope: str
    from_date: date
    until_date: date
    observed: float
    expected: float
    score: float
    explanation: str


@dataclass(frozen=True)
class AnomaliesAnswer:
    """Anomalies by date, the newest first, then by kind and scope; `judged_until` is the last date that was judged."""

    settlement: Settlement
    judged_until: date | None
    rows: list[Anomaly]


def find_anomalies(connection: Connection, wanted: AnomalyFilter) -> AnomaliesAnswer:
    """The anomalies that are asked for; raises `QuestionError` for what nobody has, and `NotSettledError`."""
    settlement = read_settlement(connection)
    judged_until = connection.scalar(statement("insight/anomalies/last_date"))
    kind, name = wanted.choice.scope if wanted.choice.is_any else (None, None)
    binds = {
        "from_date": wanted.from_date,
        "until_date": wanted.until_date,
        "store_keys": find_store_keys(connection, wanted.choice),
        "group_kind": kind,
        "group_name": name,
    }
    rows = [
        _anomaly(dates)
        for name in ("list_of_stores", "list_of_groups")
        for dates in in_a_row(connection.execute(statement(f"insight/anomalies/{name}"), binds))
    ]
    rows.sort(key=lambda row: (-row.from_date.toordinal(), row.kind, row.scope_kind, row.scope))
    return AnomaliesAnswer(settlement, judged_until, rows)


def in_a_row(found: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows of one kind and scope whose dates follow each other."""
    for _, rows in groupby(found, key=lambda row: (row.kind, row.scope_kind, row.scope, row.fault)):
        run: list[Row] = []
        for row in rows:
            if run and row.local_date > run[-1].local_date + DAY:
                yield run
                run = []
            run.append(row)
        yield run


def _anomaly(rows: list[Row]) -> Anomaly:
    first, last = rows[0], rows[-1]
    worst = min(rows, key=lambda row: (row.score, row.local_date))
    return Anomaly(
        kind=first.kind,
        scope_kind=first.scope_kind,
        scope=first.scope,
        from_date=first.local_date,
        until_date=last.local_date,
        observed=sum(row.observed for row in rows),
        expected=sum(row.expected for row in rows),
        score=worst.score,
        explanation=explanation(worst, len({row.local_date for row in rows})),
    )


def explanation(row: Any, dates: int = 1) -> str:
    """One sentence about an anomaly of a date, the least likely one of so many in a row."""
    if row.kind == "data":
        text = FAULTS[row.fault].format(observed=f"{row.observed:,.0f}", expected=f"{row.expected:,.0f}")
    elif row.kind == "common_cause":
        begin, end = (EPOCH + number * HOUR for number in (row.begin_hour, row.end_hour))
        text = (
            f"{row.stores:,} of {row.of_stores:,} open stores were down at once, "
            f"between {begin:%Y-%m-%d %H:%M} and {end:%H:%M} UTC"
        )
    else:
        text = f"{WORDS[row.kind]} {hours(row.observed_of_days)} {_on(row)}, {hours(row.expected_of_days)} expected"
    return f"{text}; unusual on {dates} days in a row." if dates > 1 else f"{text}."


def _on(row: Any) -> str:
    if row.is_weekly:
        return f"on the last {row.days} {WEEKDAYS[row.local_date.weekday()]} up to {row.local_date}"
    return f"on {row.local_date}" if row.days == 1 else f"in the {row.days} days up to {row.local_date}"


def hours(number: float) -> str:
    """Hours with one decimal."""
    return "under 0.1 h" if number < 0.05 else f"{number:.1f} h"
