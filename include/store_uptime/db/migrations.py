"""The schema and its revisions: Alembic orders them, and the SQL of each is a script in `sql/migrations/`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from store_uptime.db import topology
from store_uptime.db.engine import connected
from store_uptime.db.statements import MIGRATIONS, statement
from store_uptime.errors import StoreUptimeError
from store_uptime.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config


def migrate(settings: Settings, revision: str = "head") -> None:
    """Upgrades the schema to a revision, the newest one by default; safe to call from several processes at once.

    Raises `StoreUptimeError` if the schema is that of a newer version.
    """
    from alembic import command
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError

    config = configuration()
    with connected(settings, "owner") as engine, engine.begin() as connection:
        connection.execute(statement("migrations/lock"))
        topology.run_one_at_a_time(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            if isinstance(error.__cause__, ResolutionError):
                raise StoreUptimeError(
                    f"The database has the tables of a newer version (revision {error.__cause__.argument}), which this "
                    "one does not know. Start that version, or restore a backup of this one into an empty database."
                ) from error
            raise


def is_migrated(settings: Settings) -> bool:
    """Whether the schema is at the newest revision that this version of the code has."""
    from alembic import command
    from alembic.util import DatabaseNotAtHead

    config = configuration()
    with connected(settings, "owner") as engine, engine.connect() as connection:
        config.attributes["connection"] = connection
        try:
            command.current(config, check_heads=True)
        except DatabaseNotAtHead:
            return False
    return True


def configuration() -> Config:
    """Alembic's configuration; its output is discarded."""
    from alembic.config import Config

    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def run_script(connection: Connection, name: str) -> None:
    """Executes `sql/migrations/{name}` one statement at a time: Citus only propagates changes that are sent alone.

    On the bare cursor, since % and : in a script are not placeholders.
    """
    with closing(connection.connection.cursor()) as cursor:
        for command in split_script((MIGRATIONS / name).read_text(encoding="utf-8")):
            cursor.execute(command)


def split_script(script: str) -> Iterator[str]:
    """The statements of a script: each ends with a semicolon at the end of a line, outside of a $$ body."""
    lines: list[str] = []
    is_in_body = False
    for line in script.splitlines():
        lines.append(line)
        is_in_body ^= line.count("$$") % 2 == 1
        if line.split(" -- noqa")[0].endswith(";") and not is_in_body:
            yield "\n".join(lines)
            lines.clear()
    if any(line and not line.startswith("--") for line in lines):
        raise ValueError(f"the statement {lines} ends without a semicolon")
