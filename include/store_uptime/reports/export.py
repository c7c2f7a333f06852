"""`export`: writes the report's CSV and publishes it atomically."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import Engine

from store_uptime.db.statements import statement
from store_uptime.errors import naming_output
from store_uptime.storage import StoragePath, write_atomically


def export(engine: Engine, report_id: UUID, folder: StoragePath, clock: datetime) -> dict[str, Any]:
    """Writes `{folder}/{report_id}.csv`, and stores its path, hash and size in the report's row, published at `clock`.

    Returns path, sha256, bytes and number of stores. The file gets its name only when it is complete. Raises
    `OutputFolderError`, `DiskFullError` or `NoAnswerError` if `folder` cannot be written to.
    """
    target = folder / f"{report_id}.csv"
    with naming_output(f"The reports folder ({folder})", "STORE_UPTIME_REPORTS or OUT"), engine.begin() as connection:
        connection.execute(statement("report/stage/lock"), {"stage": "export", "report_id": str(report_id), "shard": 0})
        # Before the first read of stores: after that, Citus allows no change of a shared table in this transaction.
        connection.execute(statement("report/report/clear_failure"), {"report_id": report_id, "task": "export"})
        stores = connection.scalar(statement("report/4_export/publication/count_stores"), {"report_id": report_id})
        with write_atomically(target, is_only_writer=True) as stream:
            measured = MeasuredStream(stream)
            cursor: Any = connection.connection.cursor()  # psycopg2's own: SQLAlchemy has no COPY
            cursor.copy_expert(
                cursor.mogrify(statement("report/4_export/export").text, {"report_id": str(report_id)}), measured
            )
            connection.execute(
                statement("report/4_export/publication/publish"),
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


class MeasuredStream:
    """A binary stream that counts and hashes the bytes written to it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.digest, self.size = stream, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        """Writes `data` to the stream; returns the number of bytes."""
        self.digest.update(data)
        self.size += len(data)
        return self.stream.write(data)
