"""The one door to the `sql/` folder: statements are files, values are named binds."""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text

from store_uptime.settings import PROJECT

FOLDER = PROJECT / "sql"
_names: dict[int, str] = {}


@cache
def statement(name: str) -> TextClause:
    """The statement in `sql/{name}.sql`, with its `:named` binds; `name` looks like `report/clip`."""
    loaded = text((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
    _names[id(loaded)] = name  # which stays its own: the cache keeps the statement
    return loaded


def name_of(loaded: object) -> str | None:
    """The name of a statement that `statement` gave, of any other None."""
    return _names.get(id(loaded))
