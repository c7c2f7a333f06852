"""Folders that are no folders: the data comes from a bucket, and the report goes to one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from uuid import UUID

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from sqlalchemy import Engine

from dags.runs import Deployment, clear_and_run, make_report
from store_uptime.ingest import acceptance, safe_open, stage_files
from store_uptime.reports.request import report_id_of
from store_uptime.settings import PROJECT
from support.object_storage import ObjectStorage
from support.pipeline import CLOCK, start

MANY = 1_020  # more than one page of a listing


def put(bucket: str, key: str, content: bytes) -> None:
    """Past HTTP, which takes most of the time: the server is in this process."""
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, key, content)


@pytest.mark.parametrize(("are_kept", "files"), [(True, MANY), (False, 20)])
@pytest.mark.usefixtures("deployment")
def test_files_in_a_bucket_are_read_once_and_then_only_listed(
    engine: Engine,
    bucket: Any,
    object_storage: ObjectStorage,
    monkeypatch: pytest.MonkeyPatch,
    are_kept: bool,
    files: int,
) -> None:
    """Known files are known by the ETags of the listing. New ones are read once, or twice if they cannot be kept."""
    from airflow.sdk import ObjectStoragePath

    if not are_kept:
        monkeypatch.setattr(safe_open, "KEPT_BYTES", 0)
    start_at = datetime(2023, 1, 1, tzinfo=UTC)
    for number in range(files):
        polled_at = start_at + timedelta(hours=number)
        body = f"store_id,status,timestamp_utc\n0042,active,{polled_at:%Y-%m-%d %H:%M:%S} UTC\n"
        put(bucket.name, f"data/store_status_{number}.csv", body.encode())
    put(bucket.name, "data/store_status_[a-z]*.csv", b"store_id,status,timestamp_utc\n0042,inactive,2023-02-28\n")
    large = b"".join(b"%d,active,2023-02-27 12:00:00 UTC\n" % number for number in range(10_000))
    put(bucket.name, "data/store_status_large.csv", b"store_id,status,timestamp_utc\n" + large)
    folder = ObjectStoragePath(f"s3://{bucket.name}/data")

    pages = files // 1_000 + 1

    def load() -> tuple[dict[str, Any], Counter[str]]:
        object_storage.requests.clear()
        folder.fs.invalidate_cache()  # as in the process of another task
        report_id = start(engine)
        counts = stage_files.ingest(engine, report_id, folder, CLOCK)
        acceptance.accept(engine, report_id, CLOCK)
        return counts, object_storage.requests.copy()

    counts, requests = load()
    assert (counts["files_loaded"], counts["rows_read"]) == (files + 2, files + 10_001)
    assert requests.pop("GET data/store_status_large.csv") == 3  # its content, its header, its rows
    assert requests.pop(f"GET {bucket.name}") == pages
    assert set(requests) == {f"GET data/store_status_{name}.csv" for name in (*range(files), "[a-z]*")}
    assert set(requests.values()) == {1 if are_kept else 2}

    assert load() == (ANY, {f"GET {bucket.name}": pages})
    bucket.put_object(Key="data/store_status_7.csv", Body="store_id,status,timestamp_utc\n0042,inactive,2023-01-01\n")
    counts, requests = load()
    assert counts["files_loaded"] == 1
    assert requests == {f"GET {bucket.name}": pages, "GET data/store_status_7.csv": 1 if are_kept else 2}


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
