"""Runs one process of Airflow in a container: `python -m commands.container init`, then `api-server`, `scheduler`, ...

The processes and their configuration are those of `make up`, on the database of STORE_UPTIME_DATABASE_URL. If there is
a queue, each `worker` runs tasks. Docker is not needed: a machine with the checkout works too. Variables of Airflow
(AIRFLOW__...) that are set are not changed. A secret may be in a file that NAME_FILE names. `backup` and `restore` are
those of make; `admin-password` prints the password of `admin`. Any other program runs with the environment of Airflow's
processes, for example `bash`, `airflow db check-migrations`, or the task of a pod.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from commands.airflow_environment import EXECUTOR, airflow_environment, below_base_path, migrate_all
from commands.stack import (
    PROCESSES,
    USER,
    USERS,
    WORKER,
    chosen_port,
    password_of,
    stack_environment,
    users_of,
    write_passwords,
)
from store_uptime.db import embedded_postgres
from store_uptime.errors import SettingError, StoreUptimeError
from store_uptime.settings import Settings

PASSWORDS = {"POSTGRES_PASSWORD": "STORE_UPTIME_DATABASE_URL", "REDIS_PASSWORD": "STORE_UPTIME_QUEUE_URL"}
SIGNING_KEY = "AIRFLOW__API_AUTH__JWT_SECRET"
ADMIN_PASSWORD = "ADMIN_PASSWORD"
SECRETS = [
    *PASSWORDS,
    *PASSWORDS.values(),
    ADMIN_PASSWORD,
    SIGNING_KEY,
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CORE__FERNET_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
]
FLOWER_LOGIN = "AIRFLOW__CELERY__FLOWER_BASIC_AUTH"
API_SERVER_URL = "http://api-server:8080"
MIN_SIGNING_KEY_BYTES = 64
MIGRATION_SECONDS = 120
COMMANDS = PROCESSES | WORKER | {"flower": ["celery", "flower"]}
BACKUP_COMMANDS = ("backup", "restore")
PRINT_PASSWORD = "admin-password"
PROXIES = "FORWARDED_ALLOW_IPS"  # uvicorn's: whose headers say how a caller reached the API server


def main(name: str, *arguments: str) -> None:
    """Replaces this process by the one called `name`; `init` prepares everything for the others."""
    command = [] if name in ("init", PRINT_PASSWORD) else command_of(name, *arguments)
    os.environ |= with_passwords(from_files(os.environ))
    if name == PRINT_PASSWORD:
        print(os.environ.get(ADMIN_PASSWORD) or made_up_password(Settings.from_environment()))
        return
    if name in BACKUP_COMMANDS:  # before Airflow is configured, which writes to the home: `restore` needs an empty one
        os.execv(command[0], command)
    settings = Settings.from_environment()
    if not settings.database_url:
        raise SettingError("STORE_UPTIME_DATABASE_URL", None, "the URL of the PostgreSQL that all processes share")
    if name in ("worker", "flower") and not settings.queue_url:
        raise SettingError("STORE_UPTIME_QUEUE_URL", None, f"the URL of the Redis server; the {name} needs it")
    if name == "flower" and not os.environ.get(FLOWER_LOGIN):
        raise SettingError(FLOWER_LOGIN, None, "user:password, because Flower shows the content of the queue")
    os.environ |= configuration(settings, os.environ)
    password = os.environ.get(ADMIN_PASSWORD)
    if name in ("init", "api-server"):
        # API servers without a shared folder need a given password.
        write_passwords(settings.home, users_of(os.environ[USERS]), {USER: password} if password else {})
    if name == "init":
        embedded_postgres.check_server(settings.database_url)
        if settings.queue_url:
            check_queue(settings.queue_url)
        migrate_all(settings)
        # Not the password: what `init` prints stays in a log.
        print(f"Sign in as {USER} with {ADMIN_PASSWORD if password else f'what `{PRINT_PASSWORD}` prints'}")
        return
    if name in COMMANDS:
        wait_for_tables(settings)
    os.execv(command[0], command)


def made_up_password(settings: Settings) -> str:
    """The password that `init` or the API server has generated; raises `StoreUptimeError` if there is none."""
    try:
        return password_of(settings.home)
    except FileNotFoundError as error:
        raise StoreUptimeError(f"There is no password in {settings.home} yet; run `init` first.") from error


def command_of(name: str, *arguments: str) -> list[str]:
    """The command line of our process `name`, else of the program; raises `StoreUptimeError` if there is neither."""
    if name in COMMANDS:
        behind_proxy = ["--proxy-headers"] if name == "api-server" and os.environ.get(PROXIES) else []
        return [sys.executable, "-m", "airflow", *COMMANDS[name], *behind_proxy, *arguments]
    if name in BACKUP_COMMANDS:
        return [sys.executable, "-m", "commands.backup", name]
    # First those of this Python: they are on the PATH only if its environment is activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    program = shutil.which(name, path=path)
    if program is None:
        processes = [*COMMANDS, *BACKUP_COMMANDS, PRINT_PASSWORD]
        raise StoreUptimeError(
            f"{name} is neither a process nor a program on the PATH; expected init, {', '.join(processes)}, "
            "or a program such as airflow."
        )
    return [program, *arguments]


def configuration(settings: Settings, given: Mapping[str, str]) -> dict[str, str]:
    """Airflow's variables; those in `given` take precedence.

    Raises `SettingError` if the signing key or the users in `given` are invalid.
    """
    url = below_base_path(given.get("API_SERVER_URL") or API_SERVER_URL, given)
    given = {name: value for name, value in given.items() if name.startswith("AIRFLOW__") and value}
    if SIGNING_KEY in given and len(given[SIGNING_KEY].encode()) < MIN_SIGNING_KEY_BYTES:
        raise SettingError(SIGNING_KEY, "…", f"at least {MIN_SIGNING_KEY_BYTES} bytes, the same on all machines")
    ours, users = airflow_environment(settings, given), users_of(given.pop(USERS, None))
    return ours | stack_environment(settings, "0.0.0.0", chosen_port(), url, users, given.get(EXECUTOR, "")) | given


def from_files(given: Mapping[str, str]) -> dict[str, str]:
    """The variables with the secrets from files; raises `SettingError` for an empty file."""
    found = dict(given)
    for name in SECRETS:
        if file := given.get(f"{name}_FILE"):
            found[name] = Path(file).read_text(encoding="utf-8").strip()
            if not found[name]:
                raise SettingError(f"{name}_FILE", file, "a file that is not empty")
    return found


def with_passwords(given: Mapping[str, str]) -> dict[str, str]:
    """The variables with passwords inserted into URLs that have none, so that configuration can show these URLs."""
    found = dict(given)
    for name, url_name in PASSWORDS.items():
        scheme, _, rest = found.get(url_name, "").partition("://")
        login, at, host = rest.rpartition("@")
        if found.get(name) and rest and ":" not in login:
            found[url_name] = f"{scheme}://{login}:{quote(found[name], safe='')}@{host if at else rest}"
    return found


def wait_for_tables(settings: Settings, seconds: float = MIGRATION_SECONDS) -> None:
    """Waits until the database has this version's tables: processes of a new image may start before its `init` ends.

    Raises `StoreUptimeError` after `seconds`.
    """
    from store_uptime.db.migrations import is_migrated

    embedded_postgres.check_server(settings.database_url)
    deadline = time.monotonic() + seconds
    while not is_migrated(settings):
        if time.monotonic() > deadline:
            raise StoreUptimeError("The database has the tables of another version; run `init` of this one.")
        time.sleep(1)


def check_queue(url: str) -> None:
    """Raises `StoreUptimeError` unless `url` is a Redis server that accepts the login."""
    import redis

    try:
        redis.Redis.from_url(url, socket_connect_timeout=10).ping()
    except redis.RedisError as error:
        raise StoreUptimeError(
            f"STORE_UPTIME_QUEUE_URL cannot be used: {embedded_postgres.one_line(str(error))}"
        ) from error


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (StoreUptimeError, OSError) as error:
        sys.exit(f"store-uptime: {error}")
