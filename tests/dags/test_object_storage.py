"""Folders that are no folders: the data comes from a bucket, and the report goes to one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from sqlalchemy import Engine

from dags.runs import Deployment, clear_and_run, make_report
from store_uptime.ingest import acceptance, stage_files
from store_uptime.reports.request import report_id_of
from store_uptime.settings import PROJECT
from support.pipeline import CLOCK, start

HOURS = 1_020  # more than one page of a listing


def put(bucket: str, key: str, content: bytes) -> None:
    """Past HTTP, which takes most of the time: the server is in this process."""
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, key, content)


def test_what_is_known_in_a_bucket_is_listed_and_not_read(
    engine: Engine, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files are known by the ETags of the listing; one with another content is read again."""
    from airflow.sdk import ObjectStoragePath
    from s3fs import S3FileSystem

    read: list[str] = []
    open_file = S3FileSystem._open

    def note(files: S3FileSystem, path: str, *arguments: Any, **options: Any) -> Any:
        read.append(path.rpartition("/")[2])
        return open_file(files, path, *arguments, **options)

    monkeypatch.setattr(S3FileSystem, "_open", note)
    start_at = datetime(2023, 1, 1, tzinfo=UTC)
    for number in range(HOURS):
        polled_at = start_at + timedelta(hours=number)
        body = f"store_id,status,timestamp_utc\n0042,active,{polled_at:%Y-%m-%d %H:%M:%S} UTC\n"
        put(bucket.name, f"data/store_status_{number}.csv", body.encode())
    folder = ObjectStoragePath(f"s3://{bucket.name}/data")

    def load() -> dict[str, Any]:
        read.clear()
        folder.fs.invalidate_cache()  # as in the process of another task
        report_id = start(engine)
        counts = stage_files.ingest(engine, report_id, folder, CLOCK)
        acceptance.accept(engine, report_id, CLOCK)
        return counts

    assert load()["files_loaded"] == HOURS
    assert len(set(read)) == HOURS
    assert load()["files_loaded"] == 0
    assert read == []
    bucket.put_object(Key="data/store_status_7.csv", Body="store_id,status,timestamp_utc\n0042,inactive,2023-01-01\n")
    load()
    assert set(read) == {"store_status_7.csv"}


def test_data_and_reports_can_be_in_a_bucket(deployment: Deployment, first_report: UUID, bucket: Any) -> None:
    published = Path(deployment.report(first_report).csv_path).read_bytes()
    for file in (PROJECT / "data" / "sample").glob("*.csv"):
        bucket.upload_file(str(file), f"data/{file.name}")
    run_id = make_report(deployment)
    report_id = report_id_of(run_id)
    bucket.put_object(Key=f"reports/.{report_id}.csv.killed.partial", Body=b"what a killed try left")
    clear_and_run(deployment, run_id, ["export"])
    report = deployment.report(report_id)
    assert report.failure_cause is None
    assert report.csv_path == f"s3://{bucket.name}/reports/{report_id}.csv"
    assert [item.key for item in bucket.objects.filter(Prefix="reports/")] == [f"reports/{report_id}.csv"]
    assert bucket.Object(f"reports/{report_id}.csv").get()["Body"].read() == published
