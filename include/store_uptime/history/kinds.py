"""By which groups stores can be asked about: kinds, zones being one of them, and names."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection

from store_uptime.db.statements import statement
from store_uptime.history.questions import Settlement, read_settlement


@dataclass(frozen=True)
class Kind:
    """A kind of groups, with the names of its groups in byte order and how many stores each has."""

    kind: str
    stores_by_name: dict[str, int]


@dataclass(frozen=True)
class KindsAnswer:
    """The kinds of groups that stores with days have, in byte order."""

    settlement: Settlement
    kinds: list[Kind]


def find_kinds(connection: Connection) -> KindsAnswer:
    """The kinds of groups; raises `NotSettledError`."""
    settlement = read_settlement(connection)
    rows = connection.execute(statement("history/availability/list_groups"))
    return KindsAnswer(
        settlement,
        [
            Kind(kind, {row.name: row.stores for row in of_kind})
            for kind, of_kind in groupby(rows, lambda row: row.kind)
        ],
    )
