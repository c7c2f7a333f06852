"""`export`: the report as a CSV file, published whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, Protocol, Self
from uuid import UUID, uuid4

from sqlalchemy import Engine

from store_uptime.errors import naming_output
from store_uptime.sql import statement


class OutputPath(Protocol):
    """What is used of a path: `pathlib.Path`, `UPath` and Airflow's `ObjectStoragePath` all fit."""

    @property
    def name(self) -> str: ...

    @property
    def stem(self) -> str: ...

    @property
    def parent(self) -> Self: ...

    def __truediv__(self, name: str) -> Self: ...

    def mkdir(self, *, parents: bool, exist_ok: bool) -> None: ...

    def open(self, mode: str) -> BinaryIO: ...

    def rename(self, target: Self) -> Self: ...

    def unlink(self) -> None: ...

    def exists(self) -> bool: ...

    def glob(self, pattern: str) -> Iterator[Self]: ...

    def read_text(self, encoding: str) -> str: ...

    def write_text(self, data: str, encoding: str) -> int: ...


def export(engine: Engine, report_id: UUID, folder: OutputPath, clock: datetime) -> dict[str, Any]:
    """Writes `{folder}/{report_id}.csv` and notes its place and hash with the report, published at `clock`.

    Returns path, sha256, bytes and number of stores. The file appears under its name only when it is complete.
    """
    target = folder / f"{report_id}.csv"
    with naming_output(f"The reports folder ({folder})", "STORE_UPTIME_REPORTS or OUT"), engine.begin() as connection:
        folder.mkdir(parents=True, exist_ok=True)
        connection.execute(statement("report/lock_stage"), {"stage": "export", "report_id": str(report_id), "shard": 0})
        # Before the stores are looked at: Citus begins no change of what all stores share after that.
        connection.execute(statement("report/clear_failure"), {"report_id": report_id, "task": "export"})
        stores = connection.scalar(statement("report/count_stores"), {"report_id": report_id})
        with _published(folder, report_id, target) as stream:
            measured = Measured(stream)
            cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY
            cursor.copy_expert(cursor.mogrify(statement("report/export").text, {"report_id": str(report_id)}), measured)
            connection.execute(
                statement("report/publish_report"),
                {
                    "report_id": report_id,
                    "csv_path": str(target),
                    "csv_sha256": measured.digest.hexdigest(),
                    "csv_bytes": measured.size,
                    "store_count": stores,
                    "published_at": clock,
                },
            )
    return {"path": str(target), "sha256": measured.digest.hexdigest(), "bytes": measured.size, "stores": stores}


@contextmanager
def _published(folder: OutputPath, report_id: UUID, target: OutputPath) -> Iterator[BinaryIO]:
    """A stream to a temporary name that becomes `target` if all goes well, and goes away if not.

    The caller holds the lock of the report: what earlier tries left under temporary names is of no use to anybody.
    """
    for left in list(folder.glob(f".{report_id}.*.partial")):
        left.unlink()
    temporary = folder / f".{report_id}.{uuid4()}.partial"
    try:
        with temporary.open("wb") as stream:
            yield stream
        temporary.rename(target)
    except BaseException:
        if temporary.exists():
            temporary.unlink()
        raise


class Measured:
    """A binary stream that counts and hashes what passes."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.digest, self.size = stream, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Passes `data` on."""
        self.digest.update(data)
        self.size += len(data)
        return self.stream.write(data)
