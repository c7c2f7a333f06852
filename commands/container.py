"""One of Airflow's processes in a container: `python -m commands.container init`, then `api-server`, `scheduler`, ...

The same processes as `make up` starts, configured in the same way, on the database of STORE_UPTIME_DATABASE_URL. The
containers share STORE_UPTIME_HOME, where `init` puts the secrets, and where reports and logs go.
"""

from __future__ import annotations

import os
import sys

from commands.airflow_environment import airflow_environment, migrate_all
from commands.stack import PROCESSES, sign_in, stack_environment
from store_uptime import embedded
from store_uptime.errors import SettingError, StoreUptimeError
from store_uptime.settings import Settings

PORT = 8080


def main(name: str) -> None:
    """Becomes the process, or prepares everything for the others."""
    settings = Settings.from_environment()
    if not settings.database_url:
        raise SettingError("STORE_UPTIME_DATABASE_URL", None, "the URL of the PostgreSQL that all containers share")
    url = f"http://{os.environ.get('API_SERVER', 'api-server')}:{PORT}"
    os.environ |= airflow_environment(settings) | stack_environment(settings.home, "0.0.0.0", PORT, url)
    if name == "init":
        embedded.check_server(settings.database_url)
        migrate_all(settings)
        print(sign_in(settings.home))
    else:
        os.execv(sys.executable, [sys.executable, "-m", "airflow", *PROCESSES[name]])


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except (StoreUptimeError, OSError) as error:
        sys.exit(f"store-uptime: {error}")
