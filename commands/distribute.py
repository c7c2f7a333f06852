"""`make distribute`: distributes the tables over the Citus cluster of STORE_UPTIME_DATABASE_URL."""

from __future__ import annotations

from commands.console import user_console
from store_uptime.db import topology
from store_uptime.db.engine import connect
from store_uptime.db.migrations import migrate
from store_uptime.errors import SettingError
from store_uptime.settings import Settings


def main() -> None:
    with user_console("distribute") as console:
        settings = Settings.from_environment()
        if not settings.database_url:
            raise SettingError("STORE_UPTIME_DATABASE_URL", None, "the URL of the coordinator of a Citus cluster")
        migrate(settings)
        owner = connect(settings, "owner")
        console.print(f"{topology.distribute(owner, console.report_progress)} tables distributed")
        owner.dispose()


if __name__ == "__main__":
    main()
