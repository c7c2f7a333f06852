"""The supervisor of `make up`: it restarts processes that have ended, as Docker does in containers.

Airflow's scheduler, DAG processor and triggerer end when the database goes away, even for a second. The embedded
server is restarted too. Logs that have grown large are rotated. `python -m commands.supervisor 3 4`: the numbers are
the file descriptors of the locks that every process holds.
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

LOOK_SECONDS = 1
# What ends at once has a cause that does not pass at once.
SHORTEST_LIFE_SECONDS = 10
LARGEST_LOG_BYTES = 32 << 20


def keep(settings: Settings, locks: list[int], is_over: threading.Event) -> None:
    """Looks after the processes until `is_over`."""
    said = ""
    while not is_over.wait(LOOK_SECONDS):
        try:
            keep_server(settings)
            for log in large_logs(settings.home):
                begin_anew(log)
            for name in ended(settings.home):
                embedded_postgres.check_server(settings.database_url)
                say(f"The {name} has ended and is started again.")
                start_again(name, settings.home, locks)
        except (embedded_postgres.ServerError, OSError) as error:
            if str(error) != said:
                say(str(error))
            said = str(error)
        else:
            said = ""


def keep_server(settings: Settings) -> None:
    """Starts the embedded server if it is the one in use and has ended."""
    is_embedded = settings.database_url == embedded_postgres.url_of(settings.home)
    if is_embedded and embedded_postgres.postmaster_pid(settings.home) is None:
        say("The embedded PostgreSQL has ended and is started again.")
        embedded_postgres.hold(settings.home).close()  # all processes hold it too


def ended(home: Path) -> list[str]:
    """The names of the processes to start again; none before `make up` has done, or after `make down`."""
    stack = read_stack(home)
    if stack is None or stack.supervisor is None:
        return []
    latest = time.time() - SHORTEST_LIFE_SECONDS
    return [name for name, (pid, at) in stack.processes.items() if at < latest and not is_alive(pid, at)]


def large_logs(home: Path) -> list[Path]:
    """The logs of our processes that are to be begun anew."""
    return [log for log in logs_folder(home).glob("*.log") if log.stat().st_size > LARGEST_LOG_BYTES]


def begin_anew(log: Path) -> None:
    """Keeps what a process wrote as `{name}.log.1`, in place of an older one; it goes on at the start of its file."""
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)


def start_again(name: str, home: Path, locks: list[int]) -> None:
    """Ends what is left of the process, starts it, and remembers that."""
    stack = read_stack(home)
    if stack is not None:
        stop({name: stack.processes[name]})
        stack.processes[name] = start(name, home, locks)
        stack.write(home)


def say(line: str) -> None:
    """To the log."""
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}", flush=True)


if __name__ == "__main__":
    told_to_end = threading.Event()
    # Not in the middle: a process that was started has to be remembered, so that `make down` finds it.
    signal.signal(signal.SIGTERM, lambda *_: told_to_end.set())
    keep(Settings.from_environment(), [int(number) for number in sys.argv[1:]], told_to_end)
