"""Queries of the reports' database, as the role that can only read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Engine, Row, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from store_uptime.db.engine import connect
from store_uptime.db.statements import statement
from store_uptime.settings import Settings

SPOOLED_BYTES = 1 << 20
CHUNK_BYTES = 1 << 18
MAX_STATUS_FILES = 100  # that are listed of a report


@cache
def settings() -> Settings:
    """The deployment's settings."""
    return Settings.from_environment()


@cache
def engine() -> Engine:
    """Connections for as many requests as the server's thread pool handles at the same time."""
    engine = connect(settings(), "reader", pool_size=10, max_overflow=30)

    @event.listens_for(engine, "connect")
    def prepare_session(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute(statement("api/prepare_session").text)
        connection.commit()

    return engine


@cache
def editor() -> Engine:
    """Connections with the right to change templates and subscriptions, and nothing else."""
    return connect(settings(), "editor", pool_size=1, max_overflow=4)


def rows(name: str, **binds: Any) -> Sequence[Row]:
    """The rows of `sql/api/{name}.sql`."""
    with engine().connect() as connection:
        return connection.execute(statement(f"api/{name}"), binds).all()


def files(report_id: UUID) -> tuple[Sequence[Row], int]:
    """The snapshots of a report and the newest of its status files, and how many status files it has."""
    found = rows("files", report_id=report_id, status_files=MAX_STATUS_FILES)
    return found, max((file.all_status_files for file in found), default=0)


def row(name: str, **binds: Any) -> Row | None:
    """The first row of `sql/api/{name}.sql`."""
    found = rows(name, **binds)
    return found[0] if found else None


def copied(name: str, report_id: UUID) -> IO[bytes]:
    """The output of the COPY in `sql/{name}.sql` as a temporary file: a slow reader holds no connection."""
    spool = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 (the response closes it)
    with engine().connect() as connection, closing(connection.connection.cursor()) as cursor:
        query = cursor.mogrify(statement(name).text, {"report_id": str(report_id)})
        cursor.copy_expert(query, spool)
    spool.seek(0)
    return spool


def chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """The rest of `stream`, which is then closed."""
    with stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def pattern(search: str | None) -> str | None:
    """The LIKE pattern for lowered text that contains `search`, ignoring the case of A to Z; None for no search."""
    if not search:
        return None
    return "%" + folded(search).replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


def folded(text: str) -> str:
    """The text with A to Z in lower case."""
    return "".join(character.lower() if character.isascii() else character for character in text)
