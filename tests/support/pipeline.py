"""Runs the stages of a report in the order of the DAG, without Airflow."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from store_uptime.ingest import acceptance, stage_files
from store_uptime.reports import export, stages
from store_uptime.reports.request import ReportRequest, create_report, report_id_of
from store_uptime.settings import Settings
from support import oracle

CLOCK = datetime(2031, 1, 1, tzinfo=UTC)
SCHEMAS = ("core", "report", "quality", "history", "delivery")
COLUMNS = {"open": "open", "up": "uptime", "down": "downtime", "unknown": "unknown"}


@dataclass(frozen=True)
class Published:
    """A published report: its file, and the exact figures in the database."""

    report_id: UUID
    path: Path
    csv: bytes
    figures: oracle.Report


def run_report(
    engine: Engine,
    data: Path,
    out: Path,
    *,
    settings: Settings | None = None,
    clock: datetime = CLOCK,
    **parameters: Any,
) -> Published:
    """Runs all stages. With `settings`, Great Expectations checks the input; without, it is accepted unchecked."""
    report_id = start(engine, clock=clock, **parameters)
    stage_files.ingest(engine, report_id, data, clock)
    if settings is None:
        acceptance.accept(engine, report_id, clock)
    else:
        from store_uptime.quality import validate

        validate.validate(engine, report_id, settings, clock)
    return compute(engine, report_id, out, parameters.get("shards", 1))


def start(
    engine: Engine, *, clock: datetime = CLOCK, as_of: datetime | None = None, dag_run_id: str = "", **parameters: Any
) -> UUID:
    """Creates a report and returns its id; `parameters` are the other fields of `ReportRequest`."""
    dag_run_id = dag_run_id or str(uuid4())
    report_id = report_id_of(dag_run_id)
    create_report(engine, ReportRequest(report_id, dag_run_id, clock, as_of_requested=as_of, **parameters))
    return report_id


def compute(engine: Engine, report_id: UUID, out: Path, shards: int = 1) -> Published:
    """Runs the stages after `validate`."""
    for stage in (stages.localize, stages.clip, stages.interpolate):
        for shard in range(shards):
            stage(engine, report_id, shard)
    path = Path(export.export(engine, report_id, out, CLOCK)["path"])
    return Published(report_id, path, path.read_bytes(), figures(engine, report_id))


def figures(engine: Engine, report_id: UUID) -> oracle.Report:
    with engine.connect() as connection:
        rows = connection.execute(
            text("select * from report.store_uptime where report_id = :report_id"), {"report_id": report_id}
        ).mappings()
        return {
            row["store_id"]: {
                period: oracle.Figures(**{kind: row[f"{name}_{period}_us"] for kind, name in COLUMNS.items()})
                for period in oracle.PERIODS
            }
            for row in rows
        }


def dump(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all our tables as text, sorted, by table."""
    with engine.connect() as connection:
        tables = connection.execute(
            text(
                "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                " where n.nspname = any(:schemas) and c.relkind in ('r', 'p') and not c.relispartition"
                " order by n.nspname, c.relname"
            ),
            {"schemas": list(SCHEMAS)},
        ).all()
        return {
            f"{schema}.{table}": [
                row[0] for row in connection.exec_driver_sql(f'select t::text from {schema}."{table}" t order by 1')
            ]
            for schema, table in tables
        }


def differences(expected: oracle.Report, actual: oracle.Report) -> list[str]:
    """One line for each difference."""
    lines = []
    for store_id in sorted(expected.keys() | actual.keys()):
        if store_id not in actual:
            lines.append(f"{store_id!r} is missing")
        elif store_id not in expected:
            lines.append(f"{store_id!r} should not be there")
        else:
            lines += [
                f"{store_id!r} {period}: expected {expected[store_id][period]}, got {actual[store_id][period]}"
                for period in oracle.PERIODS
                if expected[store_id][period] != actual[store_id][period]
            ]
    return lines


def is_waiting(owner: Engine, process: Any) -> bool:
    """True when a statement waits for a lock on a table, False if the process ends before."""
    with owner.connect() as connection:
        while True:
            query = (
                "select count(*) from pg_locks where not granted and relation is not null"
                " and database = (select oid from pg_database where datname = current_database())"
            )
            if connection.exec_driver_sql(query).scalar():
                return True
            if process.has_ended():
                return False
            time.sleep(0.005)
