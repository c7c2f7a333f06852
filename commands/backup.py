"""`make backup` and `make restore`: all state of a deployment that cannot be computed again, in one file.

The file is a tar archive: `database.dump` (pg_dump's custom format: our schemas and Airflow's), the files of published
reports, quality results, Data Docs, what Airflow encrypts and signs with, and last `manifest.json`, which names every
other file with its hash. It holds secrets, so only its owner can read it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from psycopg2.extensions import make_dsn, parse_dsn
from sqlalchemy import Connection, Engine

from commands.caller import at_caller, given
from commands.console import user_console
from commands.homes import DATA_FOLDER, is_home_of_demo, of_demo, to_read
from commands.report_lines import many
from store_uptime.db import embedded_postgres, topology
from store_uptime.db.engine import connect
from store_uptime.db.statements import statement
from store_uptime.delivery import outbox
from store_uptime.errors import SettingError, StoreUptimeError
from store_uptime.settings import Settings
from store_uptime.storage import is_url

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"
KEPT = ("airflow/secrets.json", "airflow/passwords.json", DATA_FOLDER)
CHUNK_BYTES = 1 << 20


def back_up(settings: Settings, report_progress: Callable[[str], None]) -> str:
    """Writes a backup and returns its path. It is consistent even while reports are computed.

    Raises `StoreUptimeError` if there is no database, or pg_dump fails.
    """
    out = Path(at_caller(given("OUT") or str(settings.home / "backups")))
    if not settings.database_url and not embedded_postgres.data_folder(settings.home).exists():
        raise StoreUptimeError(f"There is nothing to back up: {settings.home} has no database.")
    report_progress(f"backing up {settings.home}{', the demo' if is_home_of_demo(settings) else ''}")
    with embedded_postgres.database(settings) as settings:
        out.mkdir(parents=True, exist_ok=True)
        created_at = datetime.now(UTC)
        target = out / f"store-uptime-{created_at:%Y%m%dT%H%M%S.%fZ}.tar"
        owner = connect(settings, "owner")
        engine = owner.execution_options(isolation_level="REPEATABLE READ")
        with (
            settlements_waiting(owner),
            engine.begin() as connection,
            unfinished(target) as draft,
            tempfile.TemporaryDirectory(dir=out, prefix=".backing-up-") as work,
        ):
            dump = Path(work, DUMP)
            server = connection.connection.dbapi_connection.server_version // 10_000  # type: ignore[union-attr]
            run_tool(
                *("pg_dump", server, settings.database_url, "--format=custom", "--no-owner", f"--file={dump}"),
                f"--snapshot={connection.scalar(statement('backup/export_snapshot'))}",
                # Citus' placement of shards on nodes would be wrong on another cluster.
                *(["--exclude-extension=citus*"] if topology.is_there(connection) else []),
            )
            with Archive(draft) as archive:
                archive.add(dump, DUMP)
                add_state(archive, settings.home, Path(settings.quality))
                elsewhere = add_reports(archive, connection, Path(settings.reports))
                archive.finish(
                    {
                        "format": FORMAT,
                        "created_at": created_at.isoformat(),
                        "postgresql": server,
                        "is_demo": is_home_of_demo(settings),
                    }
                )
        engine.dispose()
    if elsewhere:
        report_progress(
            f"the backup does not contain the files of {many(elsewhere, 'report')} outside {settings.reports}"
        )
    return str(target)


@contextmanager
def settlements_waiting(owner: Engine) -> Iterator[None]:
    """Keeps settlements from beginning and from being published until the block ends.

    Both empty tables. pg_dump locks tables after its snapshot was taken, and would see those that were emptied in
    between as empty, but nothing else of what was done at the same time.
    """
    with owner.begin() as connection:
        connection.execute(statement("history/settlement/lock_shared"))
        yield


def add_state(archive: Archive, home: Path, quality: Path) -> None:
    """Adds secrets, the path of the data folder, and quality results, but no temporary files (.name...)."""
    for name in KEPT:
        archive.add(home / name, name)
    for path in sorted(quality.rglob("*")):  # empty for a bucket, which needs its own backup
        if path.is_file() and not path.name.startswith("."):
            archive.add(path, f"quality/{path.relative_to(quality)}")


def add_reports(archive: Archive, connection: Connection, folder: Path) -> int:
    """Adds the CSVs of all reports that are published in the dump; returns the number of those not in `folder`."""
    elsewhere = 0
    for report in connection.execute(statement("backup/list_published")):
        path = folder / f"{report.report_id}.csv"
        if report.csv_path == str(path):
            archive.add(path, f"reports/{path.name}")
        else:
            elsewhere += 1
    return elsewhere


class Archive:
    """A tar archive for writing, which computes the hash of each file."""

    def __init__(self, path: Path) -> None:
        self.path, self.hashes = path, dict[str, str]()

    def __enter__(self) -> Archive:
        self.stream = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self.tar = tarfile.open(fileobj=self.stream, mode="w", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(self, *_: object) -> None:
        self.tar.close()
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()

    def add(self, path: Path, name: str) -> None:
        """Adds a file, unless it does not exist (any more)."""
        with suppress(FileNotFoundError), path.open("rb") as content:
            member = tarfile.TarInfo(name)
            member.size, member.mtime = path.stat().st_size, int(path.stat().st_mtime)
            reader = HashedReader(content)
            self.tar.addfile(member, reader)
            self.hashes[name] = reader.digest.hexdigest()

    def finish(self, facts: dict[str, Any]) -> None:
        """Writes the manifest, without which an archive is incomplete."""
        text = json.dumps(facts | {"sha256": self.hashes}, indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(text)
        self.tar.addfile(member, io.BytesIO(text))


class HashedReader:
    """A binary stream that hashes the bytes read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; empty at the end."""
        data = self.stream.read(size)
        self.digest.update(data)
        return data


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A temporary file, which is renamed to `target` if the block succeeds and deleted if not."""
    draft = target.with_name(f".{target.name}.partial")
    try:
        yield draft
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def to_restore() -> Settings:
    """The settings of `make restore`: those of the demo for a backup of the demo."""
    settings = Settings.from_environment()
    is_demo = not settings.database_url and manifest_of(source_of_backup()).get("is_demo", False)
    return of_demo(settings) if is_demo else settings


def source_of_backup() -> Path:
    """The path in FROM; raises `SettingError` if it is not set."""
    if not given("FROM"):
        raise SettingError("FROM", None, "the path of a backup")
    return Path(at_caller(given("FROM")))


def manifest_of(source: Path) -> dict[str, Any]:
    """The manifest, without unpacking; empty if it cannot be read, in which case `extract` raises the error."""
    with suppress(tarfile.TarError, ValueError, OSError, KeyError), tarfile.open(source, "r:") as tar:
        content = tar.extractfile(MANIFEST)
        return json.load(content) if content is not None else {}
    return {}


def restore(settings: Settings, report_progress: Callable[[str], None]) -> str:
    """Restores a backup into an empty home and an empty database; returns the home.

    Raises `StoreUptimeError` if they are not empty, or the backup is damaged or too new.
    """
    source = source_of_backup()
    folders = {"reports": settings.reports, "quality": settings.quality}
    targets = {name: settings.home / name for name in KEPT} | {
        name: Path(folder) for name, folder in folders.items() if not is_url(folder)
    }
    for target in targets.values():
        if target.is_file() or (target.is_dir() and any(target.iterdir())):
            raise StoreUptimeError(f"{target} already exists: restore into an empty STORE_UPTIME_HOME.")
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.home, prefix=".restoring-") as work:
        manifest = extract(source, Path(work))
        reports = [path.stem for path in Path(work, "reports").glob("*.csv")]
        if reports and is_url(settings.reports):
            raise StoreUptimeError("STORE_UPTIME_REPORTS is a URL: unset it, restore, then copy the reports there.")
        with embedded_postgres.database(settings) as settings:
            restore_database(settings, Path(work, DUMP), manifest, reports)
        for name, target in targets.items():
            if Path(work, name).exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    target.rmdir()
                shutil.move(Path(work, name), target)
    report_progress(
        f"restored {many(len(manifest['sha256']), 'file')} of {manifest['created_at']}, "
        f"including {many(len(reports), 'report')}"
    )
    return str(settings.home)


def extract(source: Path, folder: Path) -> dict[str, Any]:
    """Unpacks a backup into `folder` and returns its manifest; raises `StoreUptimeError` if it is damaged."""
    manifest: dict[str, Any] = {}
    hashes: dict[str, str] = {}
    try:
        with tarfile.open(source, "r:") as tar:
            for member in tar:
                content = tar.extractfile(member)
                name = PurePosixPath(member.name)
                if content is None or name.is_absolute() or ".." in name.parts:
                    raise StoreUptimeError(f"{source} is not a backup: it contains {member.name}.")
                if member.name == MANIFEST:
                    manifest = json.load(content)
                    continue
                hashes[member.name] = unpack(content, folder / name)
    except (tarfile.TarError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StoreUptimeError(
            f"{source} is not a backup, or is damaged: {embedded_postgres.one_line(str(error))}."
        ) from error
    if not manifest:
        raise StoreUptimeError(f"{source} is incomplete: it has no {MANIFEST}.")
    if manifest["format"] != FORMAT:
        raise StoreUptimeError(
            f"{source} has format {manifest['format']}; expected {FORMAT}. Restore it with the version that wrote it."
        )
    wrong = [name for name, sha256 in manifest["sha256"].items() if hashes.get(name) != sha256]
    if wrong or DUMP not in hashes:
        raise StoreUptimeError(f"{source} is damaged: the hash of {', '.join(wrong[:3]) or DUMP} does not match.")
    return manifest


def unpack(content: IO[bytes], path: Path) -> str:
    """Writes a file and returns its hash; only the owner can read secrets and the dump."""
    path.parent.mkdir(parents=True, exist_ok=True)
    reader = HashedReader(content)
    private = path.parent.name == "airflow" or path.name == DUMP
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644), "wb") as stream:
        shutil.copyfileobj(reader, stream, CHUNK_BYTES)
    return reader.digest.hexdigest()


def restore_database(settings: Settings, dump: Path, manifest: dict[str, Any], reports: list[str]) -> None:
    """Restores the dump into the empty database, in one transaction; raises `StoreUptimeError` if it cannot."""
    engine = connect(settings, "owner").execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        server = connection.connection.dbapi_connection.server_version // 10_000  # type: ignore[union-attr]
        if server < manifest["postgresql"]:
            raise StoreUptimeError(
                f"The backup is of PostgreSQL {manifest['postgresql']}, but this server is {server}."
            )
        tables = connection.scalars(statement("backup/list_tables")).all()
        if tables:
            raise StoreUptimeError(f"The database is not empty: it has {', '.join(tables[:3])} and more.")
        connection.execute(statement("backup/create_roles"))
        run_tool(
            *("pg_restore", server, settings.database_url, "--single-transaction", "--exit-on-error", "--no-owner"),
            str(dump),
        )
        folder = {"report_ids": reports, "folder": settings.reports}
        connection.execute(statement("backup/move_reports"), folder)
        if connection.scalar(statement("backup/has_outbox")):  # older backups have none
            outbox.hold(connection, f"restored from the backup of {manifest['created_at']}", datetime.now(UTC))
        connection.execute(statement("backup/analyze"))
    engine.dispose()


def run_tool(name: str, server: int, url: str, *arguments: str) -> None:
    """Runs a program of PostgreSQL on the database; the password is in the environment, not in the arguments.

    Raises `StoreUptimeError` if it fails.
    """
    parts = parse_dsn(url.replace("postgresql+psycopg2://", "postgresql://", 1))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    if "password" in parts:
        environment["PGPASSWORD"] = parts.pop("password")
    finished = subprocess.run(
        [str(tool(name, server)), f"--dbname={make_dsn(**parts)}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise StoreUptimeError(f"{name} failed: {embedded_postgres.cause_line(finished.stderr)}")


def tool(name: str, server: int) -> Path:
    """The path of a program for a server of this major version: of the same version, else the next newer one.

    Raises `StoreUptimeError` if there is none.
    """
    found = {}
    for path in (shutil.which(name), embedded_postgres.programs() / name):
        if path is not None:
            output = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            version = re.search(r"(\d+)", output)
            if version:
                found[int(version[1])] = Path(path)
    fitting = [version for version in found if version >= server]
    if not fitting:
        versions = ", ".join(map(str, sorted(found)))
        raise StoreUptimeError(f"Expected {name} of PostgreSQL {server} or newer on the PATH; found {versions}.")
    return found[min(fitting)]


if __name__ == "__main__":
    command, choose = (back_up, to_read) if sys.argv[1] == "backup" else (restore, to_restore)
    with user_console(sys.argv[1], choose) as console:
        console.print(command(console.settings, console.report_progress))
