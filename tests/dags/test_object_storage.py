"""Folders that are no folders: the data comes from a bucket, and the report goes to one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dags.runs import Deployment, clear_and_run, make_report
from store_uptime.reports import report_id_of
from store_uptime.settings import PROJECT


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 bucket on this machine, which the deployment's folders are in."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("STORE_UPTIME_DATA", "s3://stores/data")
    monkeypatch.setenv("STORE_UPTIME_REPORTS", "s3://stores/reports")
    bucket = boto3.resource("s3", endpoint_url=endpoint).create_bucket(Bucket="stores")
    yield bucket
    server.stop()


def test_data_and_reports_can_be_in_a_bucket(deployment: Deployment, first_report: UUID, bucket: Any) -> None:
    published = Path(deployment.report(first_report).csv_path).read_bytes()
    for file in (PROJECT / "data" / "sample").glob("*.csv"):
        bucket.upload_file(str(file), f"data/{file.name}")
    run_id = make_report(deployment)
    report_id = report_id_of(run_id)
    bucket.put_object(Key=f"reports/.{report_id}.killed.partial", Body=b"what a killed try left")
    clear_and_run(deployment, run_id, ["export"])
    report = deployment.report(report_id)
    assert report.failure_cause is None
    assert report.csv_path == f"s3://stores/reports/{report_id}.csv"
    assert [item.key for item in bucket.objects.filter(Prefix="reports/")] == [f"reports/{report_id}.csv"]
    assert bucket.Object(f"reports/{report_id}.csv").get()["Body"].read() == published
