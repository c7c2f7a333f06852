"""The one door to the `sql/` folder: statements are files, values are named binds."""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text

from store_uptime.settings import PROJECT

FOLDER = PROJECT / "sql"


@cache
def statement(name: str) -> TextClause:
    """The statement in `sql/{name}.sql`, with its `:named` binds; `name` looks like `report/clip`."""
    return text((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
