"""One of Airflow's processes in a container: `python -m commands.container init`, then `api-server`, `scheduler`, ...

The same processes as `make up` starts, configured in the same way, on the database of STORE_UPTIME_DATABASE_URL, and a
`worker` wherever tasks shall run if there is a queue. Nothing needs Docker: a machine with the checkout will do.
Airflow's own variables (AIRFLOW__...) are left as they are given. A secret may be in a file that NAME_FILE names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from commands.airflow_environment import airflow_environment, migrate_all
from commands.stack import PROCESSES, WORKER, chosen_port, sign_in, stack_environment
from store_uptime import embedded
from store_uptime.errors import SettingError, StoreUptimeError
from store_uptime.settings import Settings

PASSWORDS = {"POSTGRES_PASSWORD": "STORE_UPTIME_DATABASE_URL", "REDIS_PASSWORD": "STORE_UPTIME_QUEUE_URL"}
SIGNING_KEY = "AIRFLOW__API_AUTH__JWT_SECRET"
SECRETS = [
    *PASSWORDS,
    *PASSWORDS.values(),
    SIGNING_KEY,
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CORE__FERNET_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
]
FLOWER_LOGIN = "AIRFLOW__CELERY__FLOWER_BASIC_AUTH"
API_SERVER_URL = "http://api-server:8080"
SHORTEST_SIGNING_KEY_BYTES = 64
COMMANDS = PROCESSES | WORKER | {"flower": ["celery", "flower"]}


def main(name: str, *arguments: str) -> None:
    """Becomes the process, or prepares everything for the others."""
    if name not in [*COMMANDS, "init"]:
        raise StoreUptimeError(f"There is no {name}; there are init, {', '.join(COMMANDS)}.")
    os.environ |= with_passwords(from_files(os.environ))
    settings = Settings.from_environment()
    if not settings.database_url:
        raise SettingError("STORE_UPTIME_DATABASE_URL", None, "the URL of the PostgreSQL that all processes share")
    if name in ("worker", "flower") and not settings.queue_url:
        raise SettingError("STORE_UPTIME_QUEUE_URL", None, f"the URL of the Redis that a {name} reads")
    if name == "flower" and not os.environ.get(FLOWER_LOGIN):
        raise SettingError(FLOWER_LOGIN, None, "user:password, for it shows all that is queued")
    os.environ |= configuration(settings, os.environ)
    if name == "init":
        embedded.check_server(settings.database_url)
        if settings.queue_url:
            check_queue(settings.queue_url)
        migrate_all(settings)
        print(sign_in(settings.home))
    else:
        os.execv(sys.executable, [sys.executable, "-m", "airflow", *COMMANDS[name], *arguments])


def configuration(settings: Settings, given: Mapping[str, str]) -> dict[str, str]:
    """Airflow's variables; those that are given already stay."""
    if SIGNING_KEY in given and len(given[SIGNING_KEY].encode()) < SHORTEST_SIGNING_KEY_BYTES:
        raise SettingError(SIGNING_KEY, "…", f"at least {SHORTEST_SIGNING_KEY_BYTES} bytes, the same on all machines")
    url = given.get("API_SERVER_URL") or API_SERVER_URL
    ours = airflow_environment(settings) | stack_environment(settings, "0.0.0.0", chosen_port(), url)
    return ours | {name: value for name, value in given.items() if name.startswith("AIRFLOW__") and value}


def from_files(given: Mapping[str, str]) -> dict[str, str]:
    """The variables, with the secrets that are in files; raises `SettingError` for a file that holds none."""
    found = dict(given)
    for name in SECRETS:
        if file := given.get(f"{name}_FILE"):
            found[name] = Path(file).read_text(encoding="utf-8").strip()
            if not found[name]:
                raise SettingError(f"{name}_FILE", file, "a file that is not empty")
    return found


def with_passwords(given: Mapping[str, str]) -> dict[str, str]:
    """The variables, with the passwords put into URLs that have none: so the same URL can be shown to everybody."""
    found = dict(given)
    for name, url_name in PASSWORDS.items():
        scheme, _, rest = found.get(url_name, "").partition("://")
        login, at, host = rest.rpartition("@")
        if found.get(name) and rest and ":" not in login:
            found[url_name] = f"{scheme}://{login}:{quote(found[name], safe='')}@{host if at else rest}"
    return found


def check_queue(url: str) -> None:
    """Raises `StoreUptimeError` unless `url` leads to a Redis that lets us in."""
    import redis

    try:
        redis.Redis.from_url(url, socket_connect_timeout=10).ping()
    except redis.RedisError as error:
        raise StoreUptimeError(f"STORE_UPTIME_QUEUE_URL cannot be used: {embedded.one_line(str(error))}") from error


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (StoreUptimeError, OSError) as error:
        sys.exit(f"store-uptime: {error}")
