"""Connections to PostgreSQL, each with only the rights it needs, and the migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from store_uptime import tracing
from store_uptime.db.statement_spans import follow_statements
from store_uptime.db.statements import statement
from store_uptime.errors import SettingError
from store_uptime.settings import PROJECT, Settings

if TYPE_CHECKING:
    from alembic.config import Config

Role = Literal["owner", "writer", "reader"]


def connect(settings: Settings, role: Role = "writer", purpose: str = "", **options: Any) -> Engine:
    """An engine whose sessions run in UTC as `store_uptime_{role}` (owner, and on Citus: as whoever the URL names).

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
        cursor.execute("set time zone 'UTC'")
        cursor.execute(statement("topology/citus_version").text)
        (version,) = cursor.fetchone() or (None,)
        if version is not None:
            # Who the URL names does everything: Citus logs in to the nodes as the current user, and takes one for all
            # of a transaction. Lanes and shards change stores of their own, so that none need wait for another.
            cursor.execute("set citus.enable_deadlock_prevention = off")
        elif role != "owner":
            cursor.execute(f"set role store_uptime_{role}")
        cursor.close()
        connection.commit()

    if tracing.is_on():
        follow_statements(engine)
    return engine


@contextmanager
def connected(settings: Settings, role: Role = "writer", purpose: str = "") -> Iterator[Engine]:
    """The engine that `connect` makes, until the block ends."""
    engine = connect(settings, role, purpose)
    try:
        yield engine
    finally:
        engine.dispose()


def migrate(settings: Settings) -> None:
    """Brings the schema to its newest revision; safe to call at the same time from several processes."""
    from alembic import command

    config = migrations()
    with connected(settings, "owner") as engine, engine.begin() as connection:
        connection.exec_driver_sql("select pg_advisory_xact_lock(hashtextextended('store_uptime migrations', 0))")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_migrated(settings: Settings) -> bool:
    """Whether the schema is at its newest revision, which is of this version of the code."""
    from alembic import command
    from alembic.util import DatabaseNotAtHead

    config = migrations()
    with connected(settings, "owner") as engine, engine.connect() as connection:
        config.attributes["connection"] = connection
        try:
            command.current(config, check_heads=True)
        except DatabaseNotAtHead:
            return False
    return True


def migrations() -> Config:
    """Where Alembic finds the revisions; it need not say what it does."""
    from alembic.config import Config

    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(PROJECT / "sql" / "migrations"))
    return config
