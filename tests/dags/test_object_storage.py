"""Folders that are no folders: the data comes from a bucket, and the report goes to one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from dags.runs import Deployment, clear_and_run, make_report
from store_uptime.reports.request import report_id_of
from store_uptime.settings import PROJECT


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
