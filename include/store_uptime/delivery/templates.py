"""Templates: named selections of figures, and the formats in which they are sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, RowMapping

from store_uptime.calendar.periods import CalendarUnit
from store_uptime.db.statements import statement
from store_uptime.delivery.tables import ANSWERS, AnswerName, Table
from store_uptime.errors import InvalidFieldError
from store_uptime.history.questions import Choice

SentFormat = Literal["csv", "xlsx", "parquet", "pdf", "link"]
SENT_FORMATS: tuple[SentFormat, ...] = get_args(SentFormat)


@dataclass(frozen=True)
class Selection:
    """What is sent, in which formats. `period` is what a row is about within the period of a delivery."""

    answer: AnswerName
    formats: tuple[SentFormat, ...]
    period: CalendarUnit = "range"
    by: str = "store"
    choice: Choice = field(default_factory=Choice)
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not self.formats or len(set(self.formats)) < len(self.formats):
            raise InvalidFieldError("formats", f"expected some of {', '.join(SENT_FORMATS)}, each once")
        if self.columns is not None and (not self.columns or len(set(self.columns)) < len(self.columns)):
            raise InvalidFieldError("columns", "expected some columns, each once, or null for all")
        known = [column.name for column in ANSWERS[self.answer].columns]
        if unknown := [name for name in self.columns or () if name not in known]:
            raise InvalidFieldError("columns", f"{self.answer} has no {unknown[0]!r}; there are {', '.join(known)}")
        if self.answer == "report" and self.choice.is_any:
            raise InvalidFieldError("answer", "a report is of all stores; choose availability for some of them")

    @property
    def table(self) -> Table:
        """The columns that are sent."""
        return ANSWERS[self.answer].with_columns(self.columns)

    @classmethod
    def from_row(cls, row: RowMapping) -> Selection:
        """The selection in a row of delivery.template."""
        return cls(
            answer=row["answer"],
            formats=tuple(row["formats"]),
            period=row["rows_by"] if "rows_by" in row else row["period"],
            by=row["grouped_by"],
            choice=choice_of(row["scope_kind"], row["scope_name"]),
            columns=None if row["column_names"] is None else tuple(row["column_names"]),
        )

    def binds(self) -> dict[str, Any]:
        """The same for a row."""
        kind, name = self.choice.scope
        return {
            "answer": self.answer,
            "formats": list(self.formats),
            "period": self.period,
            "grouped_by": self.by,
            "scope_kind": kind,
            "scope_name": name,
            "column_names": None if self.columns is None else list(self.columns),
        }


def choice_of(kind: str, name: str) -> Choice:
    """The stores of a scope."""
    if kind == "store":
        return Choice(store_id=name)
    return Choice() if kind == "all" else Choice(kind=kind, name=name)


def add(connection: Connection, name: str, selection: Selection, by: str, clock: datetime) -> int:
    """Adds a template; returns its id."""
    binds = selection.binds() | {"name": name, "changed_by": by, "changed_at": clock}
    return connection.execute(statement("delivery/templates/add"), binds).mappings().one()["template_id"]


def change(connection: Connection, template_id: int, name: str, selection: Selection, by: str, clock: datetime) -> bool:
    """Replaces a template; False if there is none with this id."""
    binds = selection.binds() | {"template_id": template_id, "name": name, "changed_by": by, "changed_at": clock}
    return connection.execute(statement("delivery/templates/change"), binds).first() is not None
