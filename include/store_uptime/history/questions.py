"""What questions about days and outages share: the stores they choose, their errors, and what answers rest on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row

from store_uptime.db.statements import statement
from store_uptime.errors import StoreUptimeError

EVERYTHING = ("all", "all")
RESERVED_KINDS = {"store", "all", "timezone"}


class QuestionError(StoreUptimeError):
    """A question that has no answer: `{field}: {problem}`. Fields are named as in the API's query."""

    def __init__(self, field_name: str, problem: str) -> None:
        self.field, self.problem = field_name, problem
        super().__init__(f"{field_name}: {problem}")


class NotSettledError(StoreUptimeError):
    """No days are settled yet; `is_off`: nor will any be, because of the setting."""

    def __init__(self, *, is_off: bool = False) -> None:
        super().__init__(
            "Nothing is settled: STORE_UPTIME_HISTORY is off."
            if is_off
            else "Nothing is settled yet: days and outages are computed after the first report of all stores."
        )


def check_dates(from_date: date, until_date: date, most: int | None = None) -> None:
    """Raises `QuestionError` if the last date asked about is before the first, or more than `most` dates are."""
    if from_date > until_date:
        raise QuestionError("until", f"{until_date} is before {from_date}, the first date")
    if most is not None and (until_date - from_date).days >= most:
        raise QuestionError("until", f"{until_date} is more than {most} dates from {from_date} on")


@dataclass(frozen=True)
class Choice:
    """Which stores are asked about: all, one, or those of a group."""

    store_id: str | None = None
    kind: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if (self.kind is None) != (self.name is None):
            raise QuestionError("name" if self.name is None else "kind", "is missing; kind and name go together")
        if self.store_id is not None and self.kind is not None:
            raise QuestionError("store_id", "cannot be combined with kind and name")

    @property
    def is_any(self) -> bool:
        """Whether anything is chosen."""
        return self.scope != EVERYTHING

    @property
    def scope(self) -> tuple[str, str]:
        """Kind and name of the stores that are asked about: a store is a group of its own."""
        if self.store_id is not None:
            return "store", self.store_id
        if self.kind is not None and self.name is not None:
            return self.kind, self.name
        return EVERYTHING


@dataclass(frozen=True)
class Settlement:
    """The settlement published last, which answers rest on."""

    settlement_id: int
    as_of: datetime
    accepted_order: int
    max_gap: timedelta | None  # how long a poll counts; None: until the next one


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one settlement, however many statements it has."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(statement("history/questions/prepare"))
        yield connection


def find_settlement(connection: Connection) -> Settlement | None:
    """The settlement published last; None before the first one."""
    row = connection.execute(statement("history/questions/newest_settlement")).one_or_none()
    return Settlement(*row) if row else None


def read_settlement(connection: Connection) -> Settlement:
    """What answers rest on; raises `NotSettledError` before the first settlement."""
    settlement = find_settlement(connection)
    if settlement is None:
        raise NotSettledError
    return settlement


def read_input_hashes(connection: Connection) -> dict[str, str]:
    """SHA-256 of the input of the settlement published last, by kind; one over those of all status files."""
    row = connection.execute(statement("history/questions/input_hashes")).one()
    polls = {"store_status": row.polls_sha256} if row.polls_sha256 else {}
    return (row.snapshots or {}) | polls


def find_hours_periods(connection: Connection) -> list[Row]:
    """From which date (`valid_from`) up to which one (`valid_until`) each hours file (`file_id`, or None) holds."""
    return list(connection.execute(statement("history/questions/list_hours")))


def hours_binds(connection: Connection) -> dict[str, list[Any]]:
    """The same as binds of the statements that ask which hours hold for a date."""
    periods = find_hours_periods(connection)
    return {
        "held_file_ids": [period.file_id for period in periods],
        "held_from": [period.valid_from for period in periods],
        "held_until": [period.valid_until for period in periods],
    }


def find_store_keys(connection: Connection, choice: Choice) -> list[int] | None:
    """The keys of the stores with days that are asked about, None for all; raises `QuestionError` if there are none."""
    if not choice.is_any:
        return None
    kind, name = choice.scope
    keys = connection.scalars(statement("history/questions/find_stores"), {"kind": kind, "name": name}).all()
    if not keys:
        raise nobody(connection, choice, "has days")
    return list(keys)


def nobody(connection: Connection, choice: Choice, what_is_asked: str) -> QuestionError:
    """What to say if no store of those chosen, say, `has days`."""
    if choice.store_id is not None:
        return QuestionError("store_id", f"no store {choice.store_id!r} {what_is_asked}")
    kind, name = choice.scope
    try:
        check_kind(connection, "kind", kind)
    except QuestionError as error:
        return error
    return QuestionError("name", f"no store is in {kind} {name!r}")


def check_kind(connection: Connection, field_name: str, kind: str) -> None:
    """Raises `QuestionError` if no store has a group of the kind."""
    if kind not in RESERVED_KINDS and not connection.scalar(statement("history/questions/has_kind"), {"kind": kind}):
        raise QuestionError(field_name, f"no store has a group of kind {kind!r}")
