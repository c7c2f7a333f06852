"""Requests that no browser makes: forged cursors, odd hosts and names, and too many at once."""

from __future__ import annotations

import json
import re
import threading
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from plugin.stack import Stack, wait_for, wait_for_state

INSTANT = "2023-01-25T18:13:22.000000Z"
REPORT = "7c0f5e0a-52b3-4c4e-9d0b-0a3b8a5f1a11"


def token(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def forged(*values: object) -> str:
    return token(json.dumps(values).encode())


VALIDATIONS = [
    *(forged(instant, REPORT) for instant in ("2023-W04-3", "2023-W04-3T10:00:00Z", "0001-01-01T00:00:00+23:59")),
    *(forged(instant, REPORT) for instant in ("2023-01-25", "20230125T181322Z", "infinity", "now", "")),
    *(
        forged(INSTANT, report)
        for report in (f"urn:uuid:{REPORT}", f"{{{REPORT}}}", REPORT.upper(), REPORT.replace("-", ""))
    ),
    *(forged(INSTANT), forged(INSTANT, REPORT, 1), forged(1, REPORT), forged({}), token(b"[" * 2000), token(b"\xff")),
    *(forged("9999-12-31T23:59:59-23:59", REPORT), forged("\0", REPORT), "=", "====", "~", "é"),
]
DAG_RUNS = [
    *(
        token(msgspec.msgpack.encode(value))
        for value in (["x"], [1.5], [None], [1 << 63], [-1], [[1]], [True], [1, 2], 7)
    ),
    *("~" + token(msgspec.msgpack.encode(["x"])), "~", "é", "=", token(b"\x91" * 2000), token(b"\xc1")),
]


def test_forged_cursors_are_no_cursors(viewer: httpx.Client, report_id: UUID) -> None:
    lists = {"quality": VALIDATIONS, "reports": DAG_RUNS}
    lists[f"quality/{report_id}/quarantine"] = lists[f"reports/{report_id}/stores"] = [*VALIDATIONS, *DAG_RUNS]
    lists[f"reports/{report_id}/stores"] += [forged("up", "1", "x", 1), forged("on", "one", "x", 1)]
    for path, made in lists.items():
        for cursor in made:
            answer = viewer.get(path, params={"cursor": cursor})
            assert answer.status_code == 422, (path, cursor)
            assert answer.json()["errors"] == [{"field": "cursor", "message": "not a cursor of this list"}], path
    for number in ("nan", "inf", "-inf", "1e999"):
        assert viewer.get(f"reports/{report_id}/stores", params={"cursor": forged("on", number, "x", 1)}).is_success
    year_one = forged("0001-01-01T00:00:00.000000Z", REPORT)
    assert viewer.get("quality", params={"cursor": year_one}).json()["runs"] == []


@pytest.mark.parametrize("host", ["xn--", "xn--a.example", "[", "[::1", "a" * 300, "a:b", "-", "..", "é", "a b"])
def test_any_host_is_answered(stack: Stack, report_id: UUID, host: str) -> None:
    with stack.client("user") as client:
        for path in ("reports", f"reports/{report_id}", "health", "nothing/here", "data_docs/index.html"):
            answer = client.get(path, headers={"Host": host.encode()})
            assert answer.status_code < 500, (path, answer.text)


def test_names_of_data_docs_that_no_file_can_have(viewer: httpx.Client, report_id: UUID) -> None:
    viewer.follow_redirects = True
    for name in ("a" * 300, "a/" * 3000, "%00", "%1b[2J", "..%2f..%2fetc%2fpasswd", "%ff%fe", "\N{SNOWMAN}" * 100):
        assert viewer.get(f"data_docs/{name}").status_code == 404, name[:20]


def test_eighty_streams_at_once_are_twenty(stack: Stack, paused: None) -> None:
    with stack.airflow() as airflow:
        run = airflow.post("dags/store_uptime_report/dagRuns", json={"logical_date": None}).json()["dag_run_id"]
    with stack.client("op") as client:
        (queued,) = [one for one in client.get("reports").json()["reports"] if one["dag_run_id"] == run]
        path = f"reports/{queued['report_id']}/events"
        all_have_answers = threading.Barrier(80)

        def opened(_: int) -> int:
            with stack.client("op") as own, own.stream("GET", path) as answer:
                all_have_answers.wait(120)
                return answer.status_code

        with ThreadPoolExecutor(80) as threads:
            answers = list(threads.map(opened, range(80)))
        assert sorted(answers) == [200] * 20 + [429] * 60

        def free_again() -> bool:
            with ExitStack() as streams:
                again = [streams.enter_context(client.stream("GET", path)).status_code for _ in range(20)]
            return again == [200] * 20

        wait_for(free_again, "the streams to be given back", 60)
        client.post(f"reports/{queued['report_id']}/cancel")


def test_canceled_at_once_is_failed_by_whoever_canceled(stack: Stack) -> None:
    for _ in range(3):
        with stack.client("user") as user:
            asked = user.post("trigger_report").json()["report_id"]
            assert user.post(f"reports/{asked}/cancel").status_code == 202
            detail = wait_for_state(stack, UUID(asked), "Failed")
            assert detail["cause"] == "Canceled by user."
            assert user.get(f"get_report/{asked}").json()["cause"] == "Canceled by user."


def test_a_canceled_report_is_failed_whatever_the_scheduler_makes_of_its_run(stack: Stack, paused: None) -> None:
    with stack.airflow() as airflow, stack.client("viewer") as viewer:
        run = str(uuid4())
        airflow.post("dags/store_uptime_report/dagRuns", json={"logical_date": None, "dag_run_id": run})
        note = {"state": "success", "note": "Canceled by user."}
        airflow.patch(f"dags/store_uptime_report/dagRuns/{run}", json=note).raise_for_status()
        detail = viewer.get(f"reports/{run}").json()
        assert (detail["state"], detail["cause"]) == ("Failed", "Canceled by user.")
        assert run in {one["report_id"] for one in viewer.get("reports").json()["reports"]}


def test_two_cancels_at_once(stack: Stack, paused: None) -> None:
    for _ in range(3):
        with stack.airflow() as airflow:
            run = airflow.post("dags/store_uptime_report/dagRuns", json={"logical_date": None}).json()["dag_run_id"]
        with stack.client("user") as client:
            (queued,) = [one for one in client.get("reports").json()["reports"] if one["dag_run_id"] == run]
            path = f"reports/{queued['report_id']}/cancel"
            with ThreadPoolExecutor(8) as threads:
                answers = sorted(threads.map(lambda _, path=path: client.post(path).status_code, range(8)))
            assert 202 in answers
            assert set(answers) <= {202, 409}, answers
            assert client.get(f"reports/{queued['report_id']}").json()["cause"] == "Canceled by user."


def test_tokens_and_control_characters_stay_out_of_the_access_log(
    stack: Stack, viewer: httpx.Client, report_id: UUID
) -> None:
    way_in = viewer.get("data_docs/index.html").headers["location"]
    secret = re.search(r"/data_docs_view/([^/]+)/", way_in)[1]
    assert httpx.get(stack.urls["simple"] + way_in).status_code in (200, 404)
    viewer.get("nothing/%1b]0;here%07%00")
    log = next(stack.settings.home.glob("*-api-server.log"))

    def is_written() -> bool:
        return "]0;here" in log.read_text(errors="replace")

    wait_for(is_written, "the access log", 30)
    text = log.read_text(errors="replace")
    assert "/data_docs_view/***/index.html" in text
    assert secret not in text
    assert not re.search(r"[\x00\x07\x1b]\]?0?;?here", text)
