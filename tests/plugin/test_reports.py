"""From asking for a report to its CSV, and all that can happen on the way."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from plugin.stack import Stack, wait_for, wait_for_state
from store_uptime.ingest.kinds import KINDS
from store_uptime.reports.request import report_id_of
from support.object_storage import ObjectStorage

HEADER = (
    "store_id,uptime_last_hour,uptime_last_day,uptime_last_week,downtime_last_hour,downtime_last_day,downtime_last_week"
)
TASKS = ["ingest", "validate", "localize", "clip", "interpolate", "export"]
NEVER_ISSUED = UUID("a78b0b09-b026-4fb4-9f6a-a1908fca91cb")


def test_trigger_answers_an_id_and_where_to_look(stack: Stack, user: httpx.Client) -> None:
    answer = user.post("trigger_report", json={"shards": 2})
    assert answer.status_code == 202
    assert list(answer.json()) == ["report_id"]
    report_id = UUID(answer.json()["report_id"])
    assert answer.headers["location"] == f"/store-uptime/get_report/{report_id}"
    assert int(answer.headers["retry-after"]) >= 1
    waiting = user.get(f"get_report/{report_id}")
    assert waiting.status_code == 200
    assert waiting.json()["status"] in ("Queued", "Running")
    assert set(waiting.json()) == {"status", "created_at"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", waiting.json()["created_at"])
    user.post(f"reports/{report_id}/cancel")


def test_a_finished_report_is_the_csv_itself(stack: Stack, viewer: httpx.Client, report_id: UUID) -> None:
    answer = viewer.get(f"get_report/{report_id}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="store-uptime-{report_id}.csv"'
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer.text.startswith(HEADER + "\n")
    ((path,),) = stack.rows("select csv_path from report.report where report_id = :id", id=report_id)
    with open(path, "rb") as published:  # noqa: PTH123
        assert answer.content == published.read()
    stores = [row["store_id"] for row in csv.DictReader(io.StringIO(answer.text))]
    assert stores == sorted(stores, key=str.encode)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_who_has_the_csv_is_not_sent_it_again(viewer: httpx.Client, report_id: UUID, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    tag = viewer.get(f"get_report/{report_id}", headers=headers).headers["etag"]
    for offered in (tag, f'"other", W/{tag}', "*"):
        again = viewer.get(f"get_report/{report_id}", headers={**headers, "If-None-Match": offered})
        assert (again.status_code, again.content) == (304, b"")
    assert viewer.get(f"get_report/{report_id}", headers={**headers, "If-None-Match": '"other"'}).status_code == 200


def test_a_lost_file_is_written_anew_from_the_database(viewer: httpx.Client, made_report) -> None:
    answer = viewer.get(f"get_report/{made_report(100)}")
    assert answer.status_code == 200
    assert answer.text.startswith(HEADER + "\n")
    assert answer.text.count("\n") == 101


def test_a_large_file_is_sent_in_pieces(stack: Stack, viewer: httpx.Client, made_report, tmp_path: Path) -> None:
    report_id, path = made_report(1), tmp_path / "large.csv"
    path.write_bytes(random.Random(1).randbytes(9 << 20))
    with stack.owner.begin() as connection:
        connection.execute(
            text("update report.report set csv_path = :path, csv_bytes = :bytes where report_id = :id"),
            {"path": str(path), "bytes": path.stat().st_size, "id": report_id},
        )
    assert viewer.get(f"get_report/{report_id}").content == path.read_bytes()


@pytest.fixture
def in_bucket(stack: Stack, stack_storage: ObjectStorage, made_report) -> tuple[UUID, Any]:
    """A published report of two stores whose CSV is in a bucket, and the object."""
    report_id = made_report(2)
    content = stack.client("viewer").get(f"get_report/{report_id}").content
    bucket = stack_storage.new_bucket(f"reports-{report_id}")
    csv_object = bucket.put_object(Key=f"reports/{report_id}.csv", Body=content)
    with stack.owner.begin() as connection:
        connection.execute(
            text("update report.report set csv_path = :path, csv_bytes = :bytes where report_id = :id"),
            {"path": f"s3://{bucket.name}/{csv_object.key}", "bytes": len(content), "id": report_id},
        )
    return report_id, csv_object


def test_a_csv_in_a_bucket_is_downloaded_from_there(
    stack: Stack, viewer: httpx.Client, in_bucket: tuple[UUID, Any], stack_storage: ObjectStorage
) -> None:
    report_id, csv_object = in_bucket
    for path in (f"get_report/{report_id}", f"v1/get_report/{report_id}", f"reports/{report_id}/download?format=csv"):
        answer = viewer.get(path)
        assert (answer.status_code, answer.content) == (307, b""), path
        assert answer.headers["cache-control"] == "no-store"
        address = urlsplit(answer.headers["location"])
        assert f"{address.scheme}://{address.netloc}" == stack_storage.url
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        assert len(query.get("X-Amz-Signature") or query["Signature"]) > 20
        sent = httpx.get(answer.headers["location"])  # without a token
        assert sent.content == csv_object.get()["Body"].read()
        assert sent.headers["content-type"] == "text/csv; charset=utf-8"
        assert sent.headers["content-disposition"] == f'attachment; filename="store-uptime-{report_id}.csv"'
    assert viewer.get(f"reports/{report_id}/download?format=json").status_code == 200
    tag = f'"{"0" * 64}"'
    assert viewer.get(f"get_report/{report_id}", headers={"If-None-Match": tag}).status_code == 304
    with stack.client(None) as anonymous:
        assert anonymous.get(f"get_report/{report_id}").status_code == 401


def test_what_is_not_in_the_bucket_is_sent_from_the_database(
    viewer: httpx.Client, in_bucket: tuple[UUID, Any], stack_storage: ObjectStorage
) -> None:
    report_id, csv_object = in_bucket
    content = csv_object.get()["Body"].read()
    csv_object.put(Body=b"half a fi")
    assert viewer.get(f"get_report/{report_id}").content == content
    csv_object.delete()
    assert viewer.get(f"get_report/{report_id}").content == content
    with stack_storage.away():
        assert viewer.get(f"get_report/{report_id}").content == content


@pytest.mark.parametrize(
    "report_id", ["x", "1", str(NEVER_ISSUED), NEVER_ISSUED.hex, f"{{{NEVER_ISSUED}}}", "%00", "a%0Ab", "é"]
)
def test_an_id_that_was_never_issued_is_not_found(viewer: httpx.Client, report_id: str) -> None:
    for path in (f"get_report/{report_id}", f"reports/{report_id}", f"reports/{report_id}/summary"):
        answer = viewer.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_deleted_report_is_gone(stack: Stack, viewer: httpx.Client, report_id: UUID, paused: None) -> None:
    """Its run ended well, and Airflow still has it; its row is there no more."""
    deleted = str(uuid4())
    with stack.airflow() as airflow:
        runs = "dags/store_uptime_report/dagRuns"
        airflow.post(runs, json={"dag_run_id": deleted, "logical_date": None}).raise_for_status()
        airflow.patch(f"{runs}/{deleted}", json={"state": "success"}).raise_for_status()
    for path in ("get_report/{}", "reports/{}", "reports/{}/summary", "reports/{}/download", "reports/{}/events"):
        answer = viewer.get(path.format(deleted))
        assert (answer.status_code, answer.json()["title"]) == (410, "Gone"), path
    listed = {row["report_id"] for row in viewer.get("reports", params={"limit": 100}).json()["reports"]}
    assert str(report_id) in listed
    assert deleted not in listed


def test_both_paths_answer_at_the_root_too(stack: Stack, report_id: UUID) -> None:
    with stack.client("user", path="") as root:
        answer = root.get(f"get_report/{report_id}")
        assert answer.text.startswith(HEADER)
        assert root.get("get_report/never-issued").status_code == 404
        triggered = root.post("trigger_report")
        assert triggered.status_code == 202
        root.post(f"store-uptime/reports/{triggered.json()['report_id']}/cancel")
    with stack.client(None, path="") as root:
        assert root.get(f"get_report/{report_id}").status_code == 401
        assert root.post("trigger_report").status_code == 401
        assert "html" in root.get("get_reports").headers["content-type"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": 1674670402}, "as_of"),
        ({"as_of": "2023-01-25"}, "as_of"),
        ({"as_of": "9999-12-31T23:59:59-14:00"}, "as_of"),
        ({"as_of": "0001-01-01T00:00:00+14:00"}, "as_of"),
        ({"max_gap": "soon"}, "max_gap"),
        ({"max_gap": "-1h"}, "max_gap"),
        ({"max_gap": "0h"}, "max_gap"),
        ({"max_gap": "99999999999999h"}, "max_gap"),
        ({"max_gap": 3600}, "max_gap"),
        ({"no_data": "up"}, "no_data"),
        ({"store_ids": []}, "store_ids"),
        ({"store_ids": "0042"}, "store_ids"),
        ({"store_ids": [42]}, "store_ids.0"),
        ({"store_ids": ["0042", "nowhere"]}, "store_ids.1"),
        ({"store_ids": ["a\0b"]}, "store_ids.0"),
        ({"shards": 0}, "shards"),
        ({"shards": 257}, "shards"),
        ({"shards": "2"}, "shards"),
        ({"shards": True}, "shards"),
        ({"hours_valid_from": "01.03.2023"}, "hours_valid_from"),
        ({"hours_valid_from": 20230301}, "hours_valid_from"),
        ({"zones_valid_from": "2999-01-01"}, "zones_valid_from"),
        ({"as_off": "2023-01-25T18:13:22Z"}, "as_off"),
        ({"data": "/etc"}, "data"),
        ([], "body"),
        ("x", "body"),
    ],
)
def test_what_cannot_be_used_is_named(user: httpx.Client, report_id: UUID, body: object, field: str) -> None:
    answer = user.post("trigger_report", json=body)
    assert answer.status_code == 422
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["title"] == "Unprocessable Content"
    assert field in problem["detail"]


def test_a_body_that_is_no_json(user: httpx.Client) -> None:
    json_type = {"Content-Type": "application/json"}
    for content in (b"{", b"\xff", b"[" * 100_000, b'{"store_ids": ["\\ud800"]}'):
        assert user.post("trigger_report", content=content, headers=json_type).status_code == 422, content[:20]
    form = user.post("trigger_report", content=b"as_of=now", headers={"Content-Type": "text/plain"})
    assert form.status_code == 415


def test_parameters_reach_the_report(stack: Stack, user: httpx.Client, report_id: UUID) -> None:
    body = {
        "as_of": "2023-01-24T12:00:00-05:00",
        "max_gap": "90m",
        "no_data": "down",
        "store_ids": ["0042", "=1+1", "a/b"],
        "shards": 2,
        "hours_valid_from": "2023-01-16",
    }
    asked = UUID(user.post("trigger_report", json=body).json()["report_id"])
    detail = wait_for_state(stack, asked, "Complete")
    assert detail["parameters"] == {
        "as_of": "2023-01-24T17:00:00.000000Z",
        "max_gap": "90m",
        "no_data": "down",
        "store_ids": ["0042", "=1+1", "a/b"],
        "shards": 2,
        "hours_valid_from": "2023-01-16",
        "zones_valid_from": None,
    }
    assert detail["as_of"] == "2023-01-24T17:00:00.000000Z"
    assert detail["store_count"] == 3
    assert [task["shards"] for task in detail["tasks"]] == [1, 1, 2, 2, 2, 1]
    rows = list(csv.DictReader(io.StringIO(user.get(f"get_report/{asked}").text)))
    assert [row["store_id"] for row in rows] == ["0042", "=1+1", "a/b"]
    summary = user.get(f"reports/{asked}/summary").json()
    assert summary["store_count"] == 3
    assert summary["before"] is None, "no other report was asked for with these parameters"


def test_details_of_a_finished_report(stack: Stack, viewer: httpx.Client, report_id: UUID) -> None:
    detail = viewer.get(f"reports/{report_id}").json()
    assert detail["state"] == "Complete"
    assert detail["requested_by"] == "user"
    assert detail["run_type"] == "manual"
    assert [task["task"] for task in detail["tasks"]] == TASKS
    assert {task["state"] for task in detail["tasks"]} == {"success"}
    assert all(task["seconds"] is not None and task["counts"] for task in detail["tasks"])
    assert not any("path" in task["counts"] for task in detail["tasks"])
    assert {source["kind"] for source in detail["sources"]} == {kind.name for kind in KINDS}
    assert (detail["data_folder"], detail["other_folders"]) == (stack.settings.data, [])
    assert detail["snapshots"]["business_hours"]["name"] == "menu_hours.csv"
    assert detail["snapshots"]["store_timezones"]["name"] == "timezones.csv"
    assert detail["quality"]["failures"] == 0
    assert detail["csv"]["sha256"] == viewer.get(f"get_report/{report_id}").headers["etag"].strip('"')
    assert detail["may"] == {"cancel": False, "run_again": False}
    for name, link in detail["links"].items():
        if name not in ("dag_run", "cancel", "events"):
            assert viewer.get(link).status_code == 200, name


def test_reports_are_listed_newest_first_in_pages(
    stack: Stack, user: httpx.Client, report_id: UUID, paused: None
) -> None:
    with stack.airflow() as airflow:
        for _ in range(3):
            airflow.post("dags/store_uptime_report/dagRuns", json={"logical_date": None}).raise_for_status()
    everything = user.get("reports", params={"limit": 100}).json()["reports"]
    assert [row["created_at"] for row in everything] == sorted((row["created_at"] for row in everything), reverse=True)
    seen, cursor = [], None
    while True:
        page = user.get("reports", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["reports"]) <= 2
        seen += page["reports"]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == everything
    complete = user.get("reports", params={"state": ["Complete"], "limit": 100}).json()["reports"]
    assert complete == [row for row in everything if row["state"] == "Complete"]
    queued = user.get("reports", params={"state": ["Queued", "Running"], "limit": 100}).json()["reports"]
    assert len([row for row in queued if row["state"] == "Queued"]) >= 3
    assert user.get("reports").json()["may"] == {"trigger": True, "cancel": True}
    assert user.get("reports", params={"cursor": "made up"}).status_code == 422
    for row in queued:
        assert user.post(f"reports/{row['report_id']}/cancel").status_code == 202


def test_a_run_started_in_airflow_is_a_report_too(
    stack: Stack, user: httpx.Client, report_id: UUID, paused: None
) -> None:
    with stack.airflow() as airflow:
        run = airflow.post(
            "dags/store_uptime_report/dagRuns", json={"logical_date": None, "conf": {"shards": 3}}
        ).json()
    asked = report_id_of(run["dag_run_id"])
    assert str(asked) != run["dag_run_id"]
    assert user.get(f"get_report/{asked}").json()["status"] == "Queued"
    detail = user.get(f"reports/{asked}").json()
    assert detail["dag_run_id"] == run["dag_run_id"]
    assert detail["requested_by"] == "admin"
    assert detail["parameters"]["shards"] == 3
    assert detail["quality"] is None
    assert detail["links"]["csv"] is None
    assert detail["may"] == {"cancel": True, "run_again": True}
    assert run["dag_run_id"].replace(":", "%3A").replace("+", "%2B") in detail["links"]["dag_run"]
    assert user.get(f"reports/{asked}/stores").status_code == 409
    assert user.get(f"reports/{asked}/download").status_code == 409
    canceled = user.post(f"reports/{asked}/cancel")
    assert (canceled.status_code, canceled.json()) == (202, {"report_id": str(asked), "status": "Failed"})
    failed = user.get(f"get_report/{asked}").json()
    assert failed["status"] == "Failed"
    assert failed["cause"] == "Canceled by user."
    assert user.post(f"reports/{asked}/cancel").status_code == 409


def test_a_report_of_a_command_names_the_command(stack: Stack, user: httpx.Client, paused: None) -> None:
    """`make report` runs the DAG by a function of Airflow, which is whom Airflow names."""
    with stack.airflow() as airflow:
        body = {"dag_run_id": str(uuid4()), "logical_date": None}
        run = airflow.post("dags/store_uptime_report/dagRuns", json=body).raise_for_status().json()["dag_run_id"]
    with stack.owner.begin() as connection:
        connection.execute(
            text("update dag_run set triggering_user_name = 'dag_test' where run_id = :run"), {"run": run}
        )
    assert user.get(f"reports/{run}").json()["requested_by"] == "make report"
    listed = user.get("reports").json()["reports"]
    assert [one["requested_by"] for one in listed if one["report_id"] == run] == ["make report"]
    user.post(f"reports/{run}/cancel")


def test_a_paused_dag_takes_no_report(user: httpx.Client, paused: None) -> None:
    answer = user.post("trigger_report")
    assert answer.status_code == 409
    assert "paused" in answer.json()["detail"]


def test_the_same_key_and_body_answer_the_same_report(stack: Stack, user: httpx.Client) -> None:
    key = {"Idempotency-Key": f"nightly {uuid4()}"}
    body = {"as_of": "2023-01-24T12:00:00Z", "max_gap": "120m"}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: user.post("trigger_report", json=body, headers=key), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["report_id"] for answer in answers}) == 1
    same_in_other_words = {"as_of": "2023-01-24T13:00:00+01:00", "max_gap": "2h", "no_data": "unknown"}
    again = user.post("trigger_report", json=same_in_other_words, headers=key)
    assert again.json() == answers[0].json()
    other = user.post("trigger_report", json={**body, "no_data": "down"}, headers=key)
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"
    with stack.client("op") as op:  # The key is each caller's own.
        others = op.post("trigger_report", json=body, headers=key)
        assert others.json() != answers[0].json()
        op.post(f"reports/{others.json()['report_id']}/cancel")
    user.post(f"reports/{answers[0].json()['report_id']}/cancel")


def test_a_failed_report_says_which_task_and_why(stack: Stack, user: httpx.Client, report_id: UUID) -> None:
    broken = Path(stack.settings.data) / "store_status_broken.csv"
    broken.write_text("store_id,status\n1,active\n")
    try:
        asked = UUID(user.post("trigger_report").json()["report_id"])
        detail = wait_for_state(stack, asked, "Failed")
    finally:
        broken.unlink()
    answer = user.get(f"get_report/{asked}").json()
    assert answer == {
        "status": "Failed",
        "created_at": detail["created_at"],
        "failed_task": "ingest",
        "cause": detail["cause"],
    }
    assert "store_status_broken.csv" in answer["cause"]
    assert "timestamp_utc" in answer["cause"]
    assert [task["state"] for task in detail["tasks"]] == ["failed", *["upstream_failed"] * 5]
    assert user.get(f"reports/{asked}/summary").status_code == 409
    assert asked in {
        UUID(row["report_id"]) for row in user.get("reports", params={"state": "Failed"}).json()["reports"]
    }


def test_progress_is_pushed_until_the_end(stack: Stack, user: httpx.Client) -> None:
    asked = user.post("trigger_report", json={"shards": 2}).json()["report_id"]
    seen: list[tuple[str, dict]] = []
    with user.stream("GET", f"reports/{asked}/events", timeout=180) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        event = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                seen.append((event, json.loads(line.removeprefix("data: "))))
    assert [event for event, _ in seen] == ["progress"] * (len(seen) - 1) + ["end"]
    assert len(seen) > 3
    last = seen[-1][1]
    assert last["status"] == "Complete"
    assert [task["state"] for task in last["tasks"]] == ["success"] * 6
    done = [sum(task["shards_done"] for task in data["tasks"]) for _, data in seen]
    assert done == sorted(done)
    assert done[-1] == 9
    assert len({data["created_at"] for _, data in seen}) == 1


def test_a_stream_that_is_left_is_not_counted_any_more(stack: Stack, user: httpx.Client, paused: None) -> None:
    with stack.airflow() as airflow:
        run = airflow.post("dags/store_uptime_report/dagRuns", json={"logical_date": None}).json()
    asked = report_id_of(run["dag_run_id"])
    for _ in range(25):
        with user.stream("GET", f"reports/{asked}/events") as stream:
            assert stream.status_code == 200
            assert next(stream.iter_lines()) == "event: progress"
    streams = [user.stream("GET", f"reports/{asked}/events") for _ in range(21)]
    with ExitStack() as opened:
        answers = [opened.enter_context(stream).status_code for stream in streams]
    assert answers == [200] * 20 + [429]
    user.post(f"reports/{asked}/cancel")


def test_many_at_once(stack: Stack, report_id: UUID) -> None:
    """50 clients: each triggers, downloads and cancels, side by side."""

    def go(_: int) -> tuple[str, int, bytes, int]:
        with stack.client("user") as client:
            triggered = client.post("trigger_report")
            downloaded = client.get(f"get_report/{report_id}")
            asked = triggered.json().get("report_id")
            status = client.get(f"get_report/{asked}")
            assert status.json()["status"] in ("Queued", "Running"), status.text
            return asked, triggered.status_code, downloaded.content, client.post(f"reports/{asked}/cancel").status_code

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(go, range(50)))
    assert len({answer[0] for answer in answers}) == 50
    assert {answer[1] for answer in answers} == {202}
    assert len({answer[2] for answer in answers}) == 1
    assert {answer[3] for answer in answers} == {202}
    with stack.client() as client:
        wait_for(lambda: not client.get("reports", params={"state": ["Queued", "Running"]}).json()["reports"], "quiet")
