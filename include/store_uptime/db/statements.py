"""Loads SQL statements by name from the folder `sql/`; only this module reads it. Values are named binds.

A long statement is a file of its own, with a header. Short ones share a file: each begins with a line `-- name: NAME`
and ends with a semicolon. `a/b/c` is the file `sql/a/b/c.sql`, else the statement `c` in `sql/a/b.sql`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text

from store_uptime.settings import PROJECT

FOLDER = PROJECT / "sql"
MIGRATIONS = FOLDER / "migrations"  # scripts, not statements
NAME = re.compile(r"^-- name: (\w+)\n", re.M)
_names: dict[int, str] = {}


@cache
def statement(name: str) -> TextClause:
    """The statement called `name`, such as `report/2_clip/clip`, with its `:named` binds.

    Raises `FileNotFoundError` or `KeyError` for an unknown name.
    """
    file = FOLDER / f"{name}.sql"
    if file.is_file():
        loaded = text(file.read_text(encoding="utf-8"))
    else:
        loaded = text(named_statements(file.parent.with_suffix(".sql"))[file.stem])
    _names[id(loaded)] = name  # the cache keeps the statement, so its id stays unique
    return loaded


def name_of(loaded: object) -> str | None:
    """The name of a statement that `statement` returned; None for any other object."""
    return _names.get(id(loaded))


def statement_names() -> list[str]:
    """The names of all statements."""
    names = []
    for file in FOLDER.rglob("*.sql"):
        path = file.relative_to(FOLDER).with_suffix("").as_posix()
        if MIGRATIONS not in file.parents:
            names += [f"{path}/{name}" for name in named_statements(file)] or [path]
    return sorted(names)


@cache
def named_statements(file: Path) -> dict[str, str]:
    """The statements of a file by name, without semicolons; empty if the whole file is one statement.

    Raises `ValueError` for a text before the first name, a name that comes twice, or a missing semicolon.
    """
    before, *rest = NAME.split(file.read_text(encoding="utf-8"))
    if rest and before.strip():
        raise ValueError(f"{file}: text before the first `-- name:`; give the statement a name")
    found = dict[str, str]()
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        if name in found or not body.rstrip().endswith(";"):
            raise ValueError(f"{file}: the statement {name} is defined twice, or does not end with a semicolon")
        found[name] = body.rstrip().removesuffix(";") + "\n"
    return found
