"""The supervisor of `make up`: it restarts processes that have ended, as Docker does in containers.

Airflow's scheduler, DAG processor and triggerer end when the database is down even for a second. The supervisor also
restarts the embedded server, and rotates large logs. `python -m commands.supervisor 3 4`: the numbers are the file
descriptors of the locks that all processes hold.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from commands.stack import is_alive, logs_folder, start, stop
from commands.stack_state import read_stack
from store_uptime.db import embedded_postgres
from store_uptime.settings import Settings

CHECK_SECONDS = 1
# A process that ends sooner would probably end again at once.
MIN_LIFE_SECONDS = 10
MAX_LOG_BYTES = 32 << 20


def supervise(settings: Settings, locks: list[int], stop_requested: threading.Event) -> None:
    """Restarts processes and rotates logs until `stop_requested`; an error is logged once, not each second."""
    logged = ""
    while not stop_requested.wait(CHECK_SECONDS):
        try:
            restart_server(settings)
            for file in large_logs(settings.home):
                rotate(file)
            for name in ended(settings.home):
                embedded_postgres.check_server(settings.database_url)
                log(f"The {name} has ended; restarting it.")
                restart(name, settings.home, locks)
        except (embedded_postgres.ServerError, OSError) as error:
            if str(error) != logged:
                log(str(error))
            logged = str(error)
        else:
            logged = ""


def restart_server(settings: Settings) -> None:
    """Restarts the embedded server if it is in use and has ended."""
    is_embedded = settings.database_url == embedded_postgres.url_of(settings.home)
    if is_embedded and embedded_postgres.postmaster_pid(settings.home) is None:
        log("The embedded PostgreSQL has ended; restarting it.")
        embedded_postgres.hold(settings.home).close()  # the other processes hold its lock


def ended(home: Path) -> list[str]:
    """The names of the processes to restart; none before `make up` has finished, or after `make down`."""
    stack = read_stack(home)
    if stack is None or stack.supervisor is None:
        return []
    latest = time.time() - MIN_LIFE_SECONDS
    return [name for name, (pid, at) in stack.processes.items() if at < latest and not is_alive(pid, at)]


def large_logs(home: Path) -> list[Path]:
    """The logs of our processes that are larger than MAX_LOG_BYTES."""
    return [file for file in logs_folder(home).glob("*.log") if file.stat().st_size > MAX_LOG_BYTES]


def rotate(file: Path) -> None:
    """Copies a log to `{name}.log.1`, replacing an older copy, and truncates it; the process continues to append."""
    kept = file.with_name(f"{file.name}.1")
    kept.unlink(missing_ok=True)
    with file.open("rb") as source, os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        shutil.copyfileobj(source, copy)
    os.truncate(file, 0)


def restart(name: str, home: Path, locks: list[int]) -> None:
    """Ends the children of the process, starts it again, and writes its new id to the state."""
    stack = read_stack(home)
    if stack is not None:
        stop({name: stack.processes[name]})
        stack.processes[name] = start(name, home, locks)
        stack.write(home)


def log(line: str) -> None:
    """Writes a line with the time (UTC) to the log."""
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", flush=True)


if __name__ == "__main__":
    stop_requested = threading.Event()
    # Finishes its step first: a new process must be in the state, so that `make down` finds it.
    signal.signal(signal.SIGTERM, lambda *_: stop_requested.set())
    supervise(Settings.from_environment(), [int(number) for number in sys.argv[1:]], stop_requested)
