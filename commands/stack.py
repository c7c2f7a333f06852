"""`make up` and `make down`: Airflow with the plugin, as processes of this machine.

`up` returns when all processes are healthy. It writes them to airflow/stack.json in the home, so that `down` stops
exactly these. Logs are in logs/ in the home. The supervisor (supervisor.py) restarts processes that end.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from commands.airflow_environment import (
    BASE_URL,
    airflow_environment,
    below_base_path,
    executor_environment,
    migrate_all,
    write_private,
)
from commands.console import Console, open_log, user_console
from commands.homes import DEMO, is_home_of_demo, of_demo, remember_data, to_show
from commands.lost_reports import end_lost_reports
from commands.stack_state import Stack, file_of, open_lock, read_stack
from store_uptime.contract import REPORT_DAG_ID
from store_uptime.db import embedded_postgres
from store_uptime.errors import SettingError, StoreUptimeError
from store_uptime.ingest.kinds import input_names
from store_uptime.settings import PROJECT, Settings
from store_uptime.storage import is_url

HOST = "127.0.0.1"
USER = "admin"
USERS, ROLES = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", ("viewer", "user", "op", "admin")
START_SECONDS = 180
STOP_SECONDS = 20
# The API server reads the tasks' logs from disk. Serving them would use ports that a second stack needs too.
PROCESSES = {
    "api-server": ["api-server"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
}
# Only if there is a queue.
WORKER = {"worker": ["celery", "worker", "--skip-serve-logs"]}
SUPERVISOR = "supervisor"


def up(console: Console, port: int) -> str:
    """Starts Airflow unless it is up; returns its URL, how to sign in, and what it reads: a line each.

    Raises `StoreUptimeError` if it cannot start, or is up with another data folder.
    """
    settings = console.settings
    running = read_stack(settings.home)
    if running is not None:
        if is_up(running):
            if running.data != settings.data:
                raise StoreUptimeError(
                    f"Airflow is up and reads {running.data}, so it cannot load {settings.data}: "
                    "`make down` first, or set another STORE_UPTIME_HOME."
                )
            return f"Airflow is up already: {running.url}\n{facts(settings)}"
        with console.step("stopping what is left of an Airflow that has ended"):
            stop_stack(settings, running)
    users = users_of(os.environ.get(USERS))
    check_free(port, settings.home)
    console.report_progress(f"reading {settings.data}")
    url = below_base_path(f"http://{HOST}:{port}", os.environ)
    with ExitStack() as stack:
        with console.step("connecting to the database" if settings.database_url else "starting the database"):
            settings_with_database = stack.enter_context(embedded_postgres.database(settings))
        lock = stack.enter_context(open_lock(settings.home))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreUptimeError("`make report` is running in this home; try again when it has ended.") from error
        os.environ |= airflow_environment(settings_with_database) | stack_environment(
            settings_with_database, HOST, port, url, users
        )
        os.environ.setdefault(BASE_URL, url)  # for links in alerts
        with console.step("checking the tables"):
            migrate_all(settings_with_database)
        from commands.report_lines import other_folders_of_home, others_line

        if others := other_folders_of_home(settings_with_database):
            console.report_progress(others_line(settings.data, others))
        locks = [lock.fileno()]
        if not settings.database_url:
            end_lost_reports(settings_with_database)
            locks.append(stack.enter_context(embedded_postgres.hold(settings.home)).fileno())
        write_passwords(settings.home, users)
        names = [*PROCESSES, *(WORKER if settings.queue_url else {})]
        processes = {name: start(name, settings.home, locks) for name in names}
        started = Stack(url, settings.data, settings.reports, processes)
        started.write(settings.home)
        try:
            with console.step("starting Airflow"):
                wait_until_healthy(started, settings.home, console)
        except BaseException:
            stop(processes)
            file_of(settings.home).unlink()
            raise
        replace(started, supervisor=start(SUPERVISOR, settings.home, locks)).write(settings.home)
        remember_data(settings)
    return f"Airflow is up: {url}\n{facts(settings)}"


def facts(settings: Settings) -> str:
    """How to sign in, and what is read."""
    if is_home_of_demo(settings):
        read = f"the demo, the sample in {settings.data}; for your files: make down, then make up DATA=folder"
    elif is_url(settings.data):
        read = settings.data
    else:
        names = input_names(path.name for path in Path(settings.data).iterdir())
        read = f"{settings.data}: {', '.join(names) or 'no input file yet'}"
    return f"{sign_in(settings.home)}\nIt reads {read}"


def down(console: Console) -> str:
    """Stops the processes that `up` started, in the home and in the demo's home."""
    settings = console.settings
    stopped = []
    for one, name in ((settings, "Airflow"), (of_demo(settings), "The demo's Airflow")):
        running = read_stack(one.home)
        if running is not None:
            with console.step(f"stopping {running.url}"):
                stop_stack(one, running)
            stopped.append(f"{name} is down.")
    return "\n".join(stopped) or "Nothing is up."


def stop_stack(settings: Settings, running: Stack) -> None:
    """Stops the processes with all their descendants, and the embedded server unless other processes use it."""
    if running.supervisor is not None:
        stop_supervisor(*running.supervisor)
        running = read_stack(settings.home) or running  # it may have restarted a process before it ended
    stop(running.processes)
    file_of(settings.home).unlink()
    if not settings.database_url:
        embedded_postgres.stop_if_unused(settings.home)


def stack_environment(
    settings: Settings, host: str, port: int, url: str, users: Mapping[str, str], executor: str = ""
) -> dict[str, str]:
    """The variables of Airflow for `make up`, in addition to `airflow_environment`: executor, API server, users.

    `users` maps names to roles.
    """
    return executor_environment(settings, executor) | {
        "AIRFLOW__API__HOST": host,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        USERS: ",".join(f"{name}:{role}" for name, role in users.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(settings.home)),
        # A worker may notice only after this time that its task has ended; until then it takes no other one.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        # Errors of alerts go to the DAG processor's log, not to files for each DAG and day.
        "AIRFLOW__LOGGING__DAG_PROCESSOR_LOG_TARGET": "stdout",
        # A DAG run takes a dozen passes of the scheduler's loop.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        # How often to look for tasks of a killed scheduler (no heartbeat for half a minute), to run them again.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    }


def start(name: str, home: Path, locks: list[int]) -> tuple[int, float]:
    """Starts a process in its own session; returns its id and start time. It inherits `locks` (file descriptors)."""
    supervisor = ["commands.supervisor", *map(str, locks)]
    module = supervisor if name == SUPERVISOR else ["airflow", *(PROCESSES | WORKER)[name]]
    with open_log(log_of(name, home)) as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=locks,
        )
    return process.pid, psutil.Process(process.pid).create_time()


def wait_until_healthy(stack: Stack, home: Path, console: Console) -> None:
    """Waits until all parts are healthy; raises `StoreUptimeError` if a process ends, or after START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while (missing := first_unhealthy(stack.url, home)) is not None:
        for name, process in stack.processes.items():
            if not is_alive(*process):
                raise StoreUptimeError(f"The {name} has ended; see {log_of(name, home)}.")
        console.activity.describe(f"starting Airflow; {missing.removesuffix(' yet')} yet")
        if time.monotonic() > deadline:
            raise StoreUptimeError(
                f"Airflow is not up after {START_SECONDS} seconds: {missing}; see {logs_folder(home)}."
            )
        time.sleep(0.25)


def first_unhealthy(url: str, home: Path) -> str | None:
    """The first part that is not healthy, in the order in which they start; None if all are."""
    # The first call builds the application that tasks call; the first task should not wait for it.
    if fetch(f"{url}/execution/health") is None:
        return "the API server does not answer"
    health = json.loads(fetch(f"{url}/api/v2/monitor/health") or "{}")
    for part in ("metadatabase", "dag_processor", "triggerer", "scheduler"):
        if (health.get(part) or {}).get("status") != "healthy":
            return f"the {part} is not healthy"
    login = {"username": USER, "password": password_of(home)}
    token = json.loads(fetch(f"{url}/auth/token", body=login) or "{}").get("access_token", "")
    if fetch(f"{url}/api/v2/dags/{REPORT_DAG_ID}", token=token) is None:
        return "the DAG is not parsed yet"
    health_url = f"{url}/store-uptime/health"
    if fetch(health_url) is None:
        return f"{health_url} is not healthy ({unhealthy_parts(health_url)})"
    return None


def unhealthy_parts(health_url: str) -> str:
    """The unhealthy parts that the plugin reports, or the error."""
    try:
        with urllib.request.urlopen(health_url, timeout=60):
            return "now it is"
    except urllib.error.HTTPError as error:
        lines = error.read().decode(errors="replace").splitlines()
        return ", ".join(line for line in lines if not line.endswith(": ok")) or f"status {error.code}"
    except OSError as error:
        return str(error)


def fetch(url: str, *, body: dict[str, str] | None = None, token: str = "") -> str | None:
    """The response of `url`; None if there is none, or its status is an error."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, headers=headers, data=json.dumps(body).encode() if body else None)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read().decode()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def stop_supervisor(pid: int, started_at: float) -> None:
    """Ends the supervisor, but not the processes that it started."""
    if is_alive(pid, started_at):
        supervisor = psutil.Process(pid)
        supervisor.terminate()
        if supervisor in psutil.wait_procs([supervisor], timeout=STOP_SECONDS)[1]:
            supervisor.kill()


def stop(processes: Mapping[str, tuple[int, float]]) -> None:
    """Ends the processes and all their descendants: first by SIGTERM, then by SIGKILL."""
    leaders = {name: psutil.Process(pid) for name, (pid, started_at) in processes.items() if is_alive(pid, started_at)}
    sessions = {pid for pid, started_at in processes.values() if is_session_ours(pid, started_at)}
    family = set(leaders.values())
    for name, leader in leaders.items():
        with suppress(psutil.NoSuchProcess):
            family.update(leader.children(recursive=True))
            # The triggerer has nothing to finish here, but takes ten seconds to end.
            leader.send_signal(signal.SIGKILL if name == "triggerer" else signal.SIGTERM)
    psutil.wait_procs(family, timeout=STOP_SECONDS)
    family.update(process for process in psutil.process_iter() if session_of(process) in sessions)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=STOP_SECONDS)


def session_of(process: psutil.Process) -> int | None:
    """The session of a process. Each of Airflow's processes has its own, with its children, orphans included."""
    try:
        return os.getsid(process.pid)
    except OSError:
        return None


def is_session_ours(pid: int, started_at: float) -> bool:
    """Whether session `pid` is our process's: no other process has this id, but orphans may still have the session."""
    try:
        return psutil.Process(pid).create_time() == started_at
    except psutil.NoSuchProcess:
        return True


def is_alive(pid: int, started_at: float) -> bool:
    """Whether the process runs, and is not another one with the same id."""
    try:
        process = psutil.Process(pid)
        return process.create_time() == started_at and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_up(running: Stack) -> bool:
    """Whether the supervisor is running."""
    return running.supervisor is not None and is_alive(*running.supervisor)


def check_free(port: int, home: Path) -> None:
    """Raises `StoreUptimeError` if a process listens on the port; names the home if it is the demo's or its parent."""
    for other in (home / DEMO, home.parent):
        running = read_stack(other)
        if running is not None and is_up(running) and urlsplit(running.url).netloc == f"{HOST}:{port}":
            raise StoreUptimeError(
                f"Port {port} is taken by the Airflow of {other}: `make down` first, or make up PORT={port + 1}"
            )
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError as error:
            raise StoreUptimeError(f"Port {port} is taken; choose another: make up PORT={port + 1}") from error


def sign_in(home: Path) -> str:
    """The sentence for users with name and password."""
    return f"Sign in as {USER} with password {password_of(home)} (kept in {passwords_file(home)})"


def password_of(home: Path) -> str:
    """The administrator's password."""
    return json.loads(passwords_file(home).read_text())[USER]


def users_of(text: str | None) -> dict[str, str]:
    """Airflow's users and their roles, from text such as `admin:admin,prometheus:viewer`; always includes `admin`.

    Raises `SettingError` for an invalid text.
    """
    users = {USER: "admin"}
    for pair in filter(None, map(str.strip, (text or "").split(","))):
        name, _, role = pair.partition(":")
        if not name or role.lower() not in ROLES or (name == USER and role.lower() != "admin"):
            expected = f"users such as {USER}:admin,prometheus:viewer ({', '.join(ROLES)})"
            raise SettingError(USERS, text, expected)
        users[name] = role
    return users


def write_passwords(home: Path, users: Iterable[str], given: Mapping[str, str] | None = None) -> None:
    """Writes each user's password for Airflow: the `given` one, else the existing one, else a new one.

    Airflow would generate passwords too, but write them to its log.
    """
    file, given = passwords_file(home), given or {}
    existing = json.loads(file.read_text()) if file.exists() else {}
    passwords = {user: given.get(user) or existing.get(user) or secrets.token_urlsafe(12) for user in users}
    if passwords.items() - existing.items():
        write_private(file, existing | passwords)


def passwords_file(home: Path) -> Path:
    """The file of Airflow's SimpleAuthManager with all passwords."""
    return home / "airflow" / "passwords.json"


def log_of(name: str, home: Path) -> Path:
    """The log of a process."""
    return logs_folder(home) / f"{name}.log"


def logs_folder(home: Path) -> Path:
    """The folder of the processes' logs."""
    return home / "logs"


def chosen_port() -> int:
    """PORT, by default 8080; raises `SettingError` for an invalid one."""
    text = os.environ.get("PORT") or "8080"
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        raise SettingError("PORT", text, "a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    if sys.argv[1] == "up":
        with user_console("up", to_show) as console:
            console.print(up(console, chosen_port()))
    else:
        with user_console("down") as console:
            console.print(down(console))
