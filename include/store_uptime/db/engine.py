"""Connections to PostgreSQL, each with only the rights it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg2
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from store_uptime import tracing
from store_uptime.db import topology
from store_uptime.db.statement_spans import trace_statements
from store_uptime.db.statements import statement
from store_uptime.errors import SettingError
from store_uptime.settings import Settings

Role = Literal["owner", "writer", "reader", "editor"]
ROLES = {
    "writer": "session/as_writer",
    "reader": "session/as_reader",
    "editor": "session/as_editor",
}  # the owner is the URL's user


def connect(settings: Settings, role: Role = "writer", purpose: str = "", **options: Any) -> Engine:
    """An engine whose sessions are in UTC and have the role `store_uptime_{role}` (as owner, and on Citus: the URL's).

    The server lists and logs them as `store-uptime {purpose or role}`, unless the URL has an `application_name`.
    """
    if not settings.database_url:
        raise SettingError(
            "STORE_UPTIME_DATABASE_URL", None, "a PostgreSQL URL (the make targets set it to the embedded server)"
        )
    name = {"fallback_application_name": f"store-uptime {purpose or role}"}
    engine = create_engine(settings.database_url, pool_pre_ping=True, connect_args=name, **options)

    @event.listens_for(engine, "connect")
    def prepare_session(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(statement("session/in_utc").text)
        is_on_citus = topology.prepare_session(cursor)
        if role in ROLES and not is_on_citus:
            cursor.execute(statement(ROLES[role]).text)
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "handle_error")
    def name_lost_connection(context: ExceptionContext) -> OperationalError | None:
        """Where a rollback finds that the connection is lost, psycopg2 raises the base of its errors: no retry."""
        found = context.original_exception
        if context.is_disconnect and type(found) is psycopg2.DatabaseError:
            return OperationalError(context.statement, context.parameters, found, connection_invalidated=True)
        return None

    if tracing.is_on():
        trace_statements(engine)
    return engine


@contextmanager
def connected(settings: Settings, role: Role = "writer", purpose: str = "") -> Iterator[Engine]:
    """The engine of `connect`; disposed of when the block ends."""
    engine = connect(settings, role, purpose)
    try:
        yield engine
    finally:
        engine.dispose()
