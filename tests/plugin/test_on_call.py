"""What a person on call sees of a real Airflow: metrics, alerts, spans and log lines, all by the report's id."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from plugin.stack import Stack, wait_for, wait_for_state
from support.receiver import Receiver

TASKS = ["ingest", "validate", "localize", "clip", "interpolate", "export"]


def test_prometheus_reads_what_the_database_holds(stack: Stack, report_id: UUID, viewer: httpx.Client) -> None:
    answer = viewer.get("metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in parse(answer.text)}
    found = {
        name: {",".join(sample.labels.values()): sample.value for sample in family.samples}
        for name, family in families.items()
    }
    assert all(family.type == "gauge" and family.documentation for family in families.values())
    assert all(found.values()), "nothing is missing once there is a report"

    (report,) = stack.rows(
        """select extract(epoch from as_of) as as_of, extract(epoch from published_at) as published_at, store_count,
                  extract(epoch from published_at - created_at) as seconds,
                  (select extract(epoch from max(last_polled_at)) from core.file) as polled_at,
                  (select sum(unknown_last_week_us) / sum(open_last_week_us)
                   from report.store_uptime u where u.report_id = r.report_id) as unknown
           from report.report r
           where published_at is not null and as_of_requested is null and store_ids is null
               and max_gap is null and no_data = 'unknown'
           order by created_at desc limit 1"""
    )
    for name, value in {
        "report_as_of_timestamp_seconds": report.as_of,
        "report_published_timestamp_seconds": report.published_at,
        "report_duration_seconds": report.seconds,
        "report_stores": report.store_count,
        "last_poll_timestamp_seconds": report.polled_at,
    }.items():
        assert abs(found[f"store_uptime_{name}"][""] - float(value)) < 0.001, name
    assert abs(found["store_uptime_report_unknown_time_ratio"]["week"] - float(report.unknown)) < 1e-9
    assert set(found["store_uptime_report_unknown_time_ratio"]) == {"hour", "day", "week"}
    assert list(found["store_uptime_report_task_duration_seconds"]) == TASKS
    assert set(found["store_uptime_runs"]) == {"published", "failed", "unfinished"}
    assert found["store_uptime_runs"]["published"] >= 1
    assert set(found["store_uptime_unmet_expectations"]) == {"fail", "warn"}
    for kind in ("store_status", "business_hours", "store_timezones"):
        rows = found["store_uptime_input_rows"][kind]
        quarantined = found["store_uptime_input_quarantined_rows"][kind]
        assert found["store_uptime_input_quarantined_ratio"][kind] == quarantined / rows

    modern = viewer.get("metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert {family.name for family in parse_openmetrics(modern.text)} == set(families)


def test_a_failed_run_is_told(stack: Stack, report_id: UUID, user: httpx.Client, receiver: Receiver) -> None:
    broken = Path(stack.settings.data) / "store_status_broken.csv"
    broken.write_text("store_id,status\n")
    try:
        asked = UUID(user.post("trigger_report").json()["report_id"])
        cause = wait_for_state(stack, asked, "Failed")["cause"]
        wait_for(lambda: any(one["report_id"] == str(asked) for one in receiver.messages), "the alert")
    finally:
        broken.unlink()
    # The task's log ends with the cause, but for what Airflow folds into the group *Post Execute*.
    logs = stack.settings.home / "logs" / "tasks" / "dag_id=store_uptime_report" / f"run_id={asked}"
    (file,) = logs.glob("task_id=ingest/**/attempt=1.log")
    lines = [json.loads(line) for line in log_lines(file)]
    visible = lines[: next(number for number, line in enumerate(lines) if line["event"] == "::group::Post Execute")]
    assert (visible[-1]["level"], visible[-1]["event"]) == ("error", cause)
    assert not any("error_detail" in line for line in lines)

    (message,) = (one for one in receiver.messages if one["report_id"] == str(asked))
    assert message["kind"] == "failed"
    assert message["why"] == [cause]
    assert "store_status_broken.csv" in cause


def test_one_trace_holds_the_request_the_tasks_and_their_sql(stack: Stack, report_id: UUID, receiver: Receiver) -> None:
    expected = {
        "trigger_report",
        *(f"task {task}" for task in TASKS),
        "report/2_clip/clip",
        "report/3_interpolate/status_from_intervals",
    }
    wait_for_all(expected, lambda: {span.name for span in receiver.spans_of(report_id)}, 60)
    spans = receiver.spans_of(report_id)
    assert Counter(span.name for span in spans if span.name.startswith(("task", "trigger"))) == Counter(
        ["trigger_report", *(f"task {task}" for task in TASKS)]
    )
    by_id = {span.span_id: span for span in spans}
    for span in spans:
        attributes = {one.key: one.value for one in span.attributes}
        if span.name.startswith(("task", "trigger")):
            assert attributes["store_uptime.report_id"].string_value == str(report_id)
            assert span.parent_span_id == report_id.bytes[8:]
            assert len(span.links) == 1, "to Airflow's span of the task, or to the request"
        else:
            assert attributes["db.system.name"].string_value == "postgresql"
            assert by_id[span.parent_span_id].name.startswith("task"), span.name
    (request,) = (span for span in receiver.spans if span.span_id in linked(spans, "trigger_report"))
    assert request.name == "POST /trigger_report"


def linked(spans: list, name: str) -> set[bytes]:
    return {link.span_id for span in spans if span.name == name for link in span.links}


def test_airflows_own_metrics_come_too(report_id: UUID, receiver: Receiver) -> None:
    assert report_id
    wanted = {"airflow.scheduler_heartbeat", "airflow.dagrun.duration.success", "airflow.ti.finish"}
    wait_for_all(wanted, lambda: receiver.metrics, 90)


def test_log_lines_are_json_and_name_the_report(stack: Stack, report_id: UUID, viewer: httpx.Client) -> None:
    viewer.get(f"reports/{report_id}").raise_for_status()
    lines = [json.loads(line) for line in log_lines(stack.settings.home / "0-api-server.log")]
    ours = [line for line in lines if line.get("report_id") == str(report_id) and line["event"] == "report request"]
    told = {(line["method"], line["path"], line["status_code"]) for line in ours}
    assert ("POST", "/store-uptime/trigger_report", 202) in told
    assert ("GET", f"/store-uptime/reports/{report_id}", 200) in told

    logs = stack.settings.home / "logs" / "tasks" / "dag_id=store_uptime_report" / f"run_id={report_id}"
    for task in TASKS:
        (file,) = logs.glob(f"task_id={task}/**/attempt=1.log")
        lines = [json.loads(line) for line in log_lines(file)]
        ours = [line for line in lines if line.get("logger", "").startswith("store_uptime")]
        assert any(line["event"].startswith(f"{task}: ") for line in ours), task
        for line in ours:
            assert (line["report_id"], line["run_id"]) == (str(report_id), str(report_id))


def wait_for_all(wanted: set[str], came: Callable[[], set[str]], seconds: float) -> None:
    """Waits until all that is wanted came; what did not is in the error."""
    with suppress(TimeoutError):
        wait_for(lambda: wanted <= came(), "all to come", seconds)
    assert wanted - came() == set(), sorted(came())


def log_lines(file: Path) -> list[str]:
    """The lines that are there whole."""
    return file.read_text().rpartition("\n")[0].split("\n")  # splitlines() splits at more than line feeds
