"""Who may do what, under both auth managers, on every route there is; and what browsers and floods are told."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest

from plugin.stack import ROLES, Stack

AUTH_MANAGERS = ("simple", "fab")

# Every route of the app: a new one has to be put here, and so to have been thought about.
VERSIONED_READ = {
    ("GET", "/get_report/{report_id}"),
    ("GET", "/reports"),
    ("GET", "/reports/{report_id}"),
    ("GET", "/reports/{report_id}/events"),
    ("GET", "/reports/{report_id}/download"),
    ("GET", "/reports/{report_id}/summary"),
    ("GET", "/reports/{report_id}/stores"),
    ("GET", "/reports/{report_id}/store"),
    ("GET", "/reports/{report_id}/stores/{store_id:path}"),
    ("GET", "/quality"),
    ("GET", "/quality/{report_id}"),
    ("GET", "/quality/{report_id}/quarantine"),
    ("GET", "/quality/{report_id}/quarantine/download"),
    ("GET", "/data_docs/{path:path}"),
    ("GET", "/metrics"),
}
UNVERSIONED_READ = {
    ("GET", "/docs"),
    ("GET", "/docs.js"),
    ("GET", "/openapi.json"),
    ("GET", "/pages/run"),
    ("GET", "/pages/{name}"),
    ("GET", "/static/{path:path}"),
}
VERSIONED_CHANGE = {("POST", "/trigger_report"), ("POST", "/reports/{report_id}/cancel")}
ONLY_IN_VERSION_1 = {
    ("GET", "/v1/anomalies"),
    ("GET", "/v1/forecast"),
    ("GET", "/v1/forecast/stores"),
    ("GET", "/v1/availability"),
    ("GET", "/v1/outages"),
    ("GET", "/v1/outages/start_hours"),
    ("GET", "/v1/kinds"),
    ("GET", "/v1/overview"),
    ("GET", "/v1/overview/verdicts"),
    ("GET", "/v1/now"),
    ("GET", "/v1/now/groups"),
    ("GET", "/v1/now/events"),
    ("GET", "/v1/stores/{store_id:path}/explain"),
    ("GET", "/v1/targets"),
    ("GET", "/v1/groups"),
    ("GET", "/v1/groups/members"),
    ("GET", "/v1/stores/{store_id:path}/days"),
    ("GET", "/v1/stores/{store_id:path}/timeline"),
    ("GET", "/v1/stores/{store_id:path}/hours"),
    ("GET", "/v1/templates"),
    ("GET", "/v1/templates/{template_id}"),
    ("GET", "/v1/subscriptions"),
    ("GET", "/v1/subscriptions/{subscription_id}"),
    ("GET", "/v1/subscriptions/{subscription_id}/preview"),
    ("GET", "/v1/subscriptions/{subscription_id}/deliveries"),
    ("GET", "/v1/rules"),
    ("GET", "/v1/rules/{rule_id}"),
    ("GET", "/v1/rules/{rule_id}/notices"),
}
CHANGE_ONLY_IN_VERSION_1 = {
    ("POST", "/v1/templates"),
    ("PATCH", "/v1/templates/{template_id}"),
    ("DELETE", "/v1/templates/{template_id}"),
    ("POST", "/v1/subscriptions"),
    ("PATCH", "/v1/subscriptions/{subscription_id}"),
    ("DELETE", "/v1/subscriptions/{subscription_id}"),
    ("POST", "/v1/subscriptions/{subscription_id}/test"),
    ("POST", "/v1/rules"),
    ("PATCH", "/v1/rules/{rule_id}"),
    ("DELETE", "/v1/rules/{rule_id}"),
}


def with_alias(routes: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Routes of version 1, and as they were before there were versions."""
    return routes | {(method, f"/v1{path}") for method, path in routes}


DATED = ("/anomalies", "/availability", "/outages", "/targets", "/days", "/timeline", "/hours")
OF_GROUPS = "?from=2023-01-16&until=2023-01-22&kind=region&name=Americas"

READ = with_alias(VERSIONED_READ) | UNVERSIONED_READ | ONLY_IN_VERSION_1
CHANGE = with_alias(VERSIONED_CHANGE) | CHANGE_ONLY_IN_VERSION_1
BY_TOKEN = with_alias({("GET", "/data_docs_view/{token}/{path:path}")})
PUBLIC = with_alias({("GET", "/health")})

# The app as it is, asked in a process of its own: importing Airflow's server changes the process it is imported in.
LIST_ROUTES = """
import json
from store_uptime_web.app import create_app
print(json.dumps([[method, route.path] for route in create_app().routes for method in sorted(route.methods)]))
"""


@pytest.fixture(scope="module")
def routes() -> set[tuple[str, str]]:
    done = subprocess.run([sys.executable, "-c", LIST_ROUTES], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    return {(method, path) for method, path in json.loads(done.stdout.splitlines()[-1])}


def environment() -> dict[str, str]:
    import os

    from store_uptime.settings import PROJECT

    return os.environ | {"PYTHONPATH": os.pathsep.join([str(PROJECT / "include"), str(PROJECT / "plugins")])}


def test_every_route_is_accounted_for(routes: set[tuple[str, str]]) -> None:
    assert routes == READ | CHANGE | BY_TOKEN | PUBLIC


OF_DATES = ("/availability", "/outages", "/start_hours")


def address(path: str, report_id: object) -> str:
    """A real address for a route."""
    filled = path.removeprefix("/").replace("{report_id}", str(report_id)).replace("{token}", "made-up")
    filled = filled.replace("{template_id}", "1").replace("{subscription_id}", "1").replace("{rule_id}", "1")
    filled = filled.replace("{name}", "reports").replace("{store_id:path}", "0042").replace("{path:path}", "index.html")
    return (
        filled
        + {"pages/run": "?dag_id=store_uptime_report&dag_run_id=x"}.get(filled, "")
        + ("?store_id=0042" if filled.endswith("/store") else "")
        + (
            "?from=2023-01-16&until=2023-01-22"
            if filled.endswith(("/availability", "/outages", "/start_hours"))
            else ""
        )
        + ("?from=2023-01-16&until=2023-01-22" if filled.endswith(DATED) else "")
        + ("?at=2023-01-20T12:00:00Z" if filled.endswith("/explain") else "")
        + (OF_GROUPS if filled.endswith(("/groups", "/members")) else "")
    )


def asked(client: httpx.Client, method: str, path: str, report_id: object) -> httpx.Response:
    with client.stream(method, address(path, report_id)) as answer:
        answer.read()
        return answer


@pytest.mark.parametrize("auth_manager", AUTH_MANAGERS)
def test_nobody_gets_in_without_an_identity(stack: Stack, report_id: UUID, auth_manager: str) -> None:
    with stack.client(None, auth_manager) as anonymous:
        for method, path in sorted(READ | CHANGE | BY_TOKEN):
            answer = asked(anonymous, method, path, report_id)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["status"] == 401
        broken = {"Content-Type": "application/json"}
        assert anonymous.post("trigger_report", content=b"{", headers=broken).status_code == 401
        assert anonymous.get("health").status_code == 200
        for wrong in ("Bearer x.y.z", "Basic YWRtaW46YWRtaW4="):
            assert anonymous.get("reports", headers={"Authorization": wrong}).status_code in (401, 403), wrong


@pytest.mark.parametrize("auth_manager", AUTH_MANAGERS)
def test_an_identity_without_rights_gets_nowhere(stack: Stack, report_id: UUID, auth_manager: str) -> None:
    with stack.client("nobody", auth_manager) as nobody:
        for method, path in sorted(READ | CHANGE):
            answer = asked(nobody, method, path, report_id)
            assert answer.status_code == 403, path
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("auth_manager", AUTH_MANAGERS)
def test_a_viewer_reads_everything_and_changes_nothing(
    stack: Stack, report_id: UUID, subscribed: None, auth_manager: str
) -> None:
    with stack.client("viewer", auth_manager) as viewer:
        for method, path in sorted(READ):
            unsettled = (409,) if (method, path) in ONLY_IN_VERSION_1 else ()  # before days are settled
            assert asked(viewer, method, path, report_id).status_code in (200, 302, 307, 404, *unsettled), path
            if "static" not in path:
                assert asked(viewer, method, path, report_id).status_code != 404, path
        for method, path in sorted(CHANGE):
            assert asked(viewer, method, path, report_id).status_code == 403, path
        assert viewer.get("reports").json()["may"] == {"trigger": False, "cancel": False}


@pytest.mark.parametrize("auth_manager", AUTH_MANAGERS)
@pytest.mark.parametrize("role", ["user", "op", "admin"])
def test_a_user_triggers_and_cancels(stack: Stack, paused: None, auth_manager: str, role: str) -> None:
    with stack.client(role, auth_manager) as client:
        assert client.get("reports").json()["may"] == {"trigger": True, "cancel": True}
        assert client.post("trigger_report").status_code == 409, "paused, so the permission was there"
        with stack.airflow(role, auth_manager) as airflow:
            airflow.post("dags/store_uptime_report/dagRuns", json={"logical_date": None}).raise_for_status()
        newest = client.get("reports", params={"state": "Queued", "limit": 1}).json()["reports"][0]
        assert client.post(f"reports/{newest['report_id']}/cancel").status_code == 202


def test_the_cookie_of_airflows_pages_is_an_identity_too(stack: Stack, report_id: UUID) -> None:
    with stack.client(None) as browser:
        browser.cookies.set("_token", stack.tokens["simple", "user"])
        assert browser.get(f"reports/{report_id}").status_code == 200
        ours = {"Origin": stack.urls["simple"]}
        for origin, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 422), ("none", 422)):
            answer = browser.post("trigger_report", json={"x": 1}, headers=ours | {"Sec-Fetch-Site": origin})
            assert answer.status_code == status, origin


def test_audit_log_tells_who_did_what(stack: Stack, report_id: UUID) -> None:
    # Fuzzing of the API may have downloaded the same report for the same user.
    before = stack.rows("select coalesce(max(id), 0) from public.log")[0][0]
    with stack.client("op") as op:
        asked_for = op.post("trigger_report", json={"max_gap": "3h"}).json()["report_id"]
        op.post(f"reports/{asked_for}/cancel")
        op.get(f"get_report/{report_id}")
        op.get(f"reports/{report_id}/download?format=xlsx")
        op.get(f"quality/{report_id}/quarantine/download")
    rows = stack.rows(
        """select event, run_id, extra::json as extra from public.log
           where id > :before and owner = 'op' and dag_id = 'store_uptime_report'
               and run_id in (:asked_for, :report_id) order by id""",
        before=before,
        asked_for=asked_for,
        report_id=str(report_id),
    )
    told = [(row.event, row.run_id) for row in rows]
    # Canceling is tried again where it meets the scheduler at the same rows.
    assert list(dict.fromkeys(told)) == [
        ("trigger_dag_run", asked_for),
        ("patch_dag_run", asked_for),
        ("download_report", str(report_id)),
    ]
    assert rows[0].extra["conf"]["max_gap"] == "3h"
    assert rows[1].extra["state"] == "failed"
    assert [row.extra["format"] for row in rows if row.event == "download_report"] == ["csv", "xlsx", "csv"]


def test_browsers_are_told_to_be_careful(stack: Stack, report_id: UUID) -> None:
    with stack.client("viewer") as viewer, stack.client(None) as anonymous:
        answers = [
            viewer.get("pages/reports"),
            viewer.get("docs"),
            viewer.get("reports"),
            viewer.get("nothing/here"),
            viewer.put("reports"),
            anonymous.get("reports"),
            anonymous.get("health"),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 405, 401, 200]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert "no-cache" in answer.headers["cache-control"]
    for answer in answers[3:6]:
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail", "instance"}


def test_large_bodies_are_refused(stack: Stack) -> None:
    def without_length() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    with stack.client("user") as user:
        assert user.post("trigger_report", content=b" " * 1_100_000).status_code == 413
        assert user.post("trigger_report", content=without_length()).status_code == 413
        many = {"store_ids": [f"{number:036}" for number in range(10_000)]}
        assert user.post("trigger_report", json=many).status_code == 422, "large enough for as many as may be asked for"


def test_floods_are_held_back(stack: Stack) -> None:
    def ask(_: int) -> httpx.Response:
        return clients.post("trigger_report", json={"not": "a field"})

    began = time.monotonic()
    with stack.client("op", "fab") as clients, ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(140)))
    held_back = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {422, 429}
    # 120 in a minute; where the clock's next one begins meanwhile, two more for each second that passes, rounded up.
    let_through, seconds = len(answers) - len(held_back), time.monotonic() - began
    assert 80 <= let_through <= 120 + 2 * seconds + 1
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in held_back)
    assert held_back[0].json()["title"] == "Too Many Requests"
    with stack.client("user", "fab") as other:
        assert other.get("reports").status_code == 200, "only who floods is held back"


def test_the_plugin_is_loaded_without_a_fault(stack: Stack) -> None:
    with stack.airflow() as airflow:
        assert airflow.get("plugins/importErrors").json()["import_errors"] == []
        ours = [one for one in airflow.get("plugins").json()["plugins"] if one["name"] == "store_uptime"]
    assert len(ours) == 1
    assert [app["url_prefix"] for app in ours[0]["fastapi_apps"]] == ["/store-uptime"]
    assert len(ours[0]["external_views"]) == 3
    assert [app["destination"] for app in ours[0]["react_apps"]] == ["dashboard"]
    assert set(ROLES) == {"admin", "op", "user", "viewer", "nobody"}
