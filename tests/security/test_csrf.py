"""Changes that a page of another origin requests with the cookie of Airflow's pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from fastapi import Request
from playwright.sync_api import sync_playwright

from plugin.stack import Stack
from support.chromium import CHROMIUM, FLAGS

SITE = "stores.test"  # two names of one site: the browser sends cookies from one to the other


@pytest.fixture
def browser(stack: Stack) -> Iterator[httpx.Client]:
    """A client with the cookie of a user who may request and cancel reports."""
    with stack.client(None) as client:
        client.cookies.set("_token", stack.tokens["simple", "user"])
        yield client


def test_a_change_with_the_cookie_needs_our_own_origin(stack: Stack, browser: httpx.Client) -> None:
    ours = stack.urls["simple"]
    host = urlsplit(ours).netloc
    own: list[dict[str, str]] = [
        {"Origin": ours},
        {"Origin": ours, "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://stores.example.org", "Host": "stores.example.org"},
        {"Referer": f"{ours}/store-uptime/pages/reports"},
        {"Authorization": f"Bearer {stack.tokens['simple', 'user']}", "Origin": "http://evil.test"},
    ]
    for headers in own:
        assert browser.post("trigger_report", json={"x": 1}, headers=headers).status_code == 422, headers
    foreign: list[dict[str, str]] = [
        {},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://evil.test"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": f"{ours}.evil.test"},
        {"Origin": f"http://evil.test#{host}"},
        {"Origin": f"http://{host}@evil.test"},
        {"Origin": "http://[::1"},
        {"Origin": f"ftp://{host}"},
        {"Origin": "http://evil.test", "Referer": f"{ours}/"},
        {"Referer": f"http://evil.test/?{ours}/"},
        {"Origin": ours, "Sec-Fetch-Site": "same-site"},
        {"Origin": ours, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ]
    for headers in foreign:
        for path in ("trigger_report", f"reports/{UUID(int=0)}/cancel"):
            answer = browser.post(path, headers=headers)
            assert answer.status_code == 403, (path, headers)
            assert "another origin" in answer.json()["detail"]
        assert browser.post(f"{ours}/trigger_report", headers=headers).status_code == 403


def test_what_is_refused_is_logged_without_control_characters(stack: Stack, browser: httpx.Client) -> None:
    assert browser.post("trigger_report", headers={"Origin": b"http://evil.test/\x9b2J"}).status_code == 403
    log = next(stack.settings.home.glob("*-api-server.log")).read_text(errors="replace")
    (line,) = [line for line in log.splitlines() if "refused a change" in line and "x9b2J" in line]
    assert "trigger_report" in line
    assert "\x9b" not in line


@pytest.mark.parametrize(
    ("base_url", "public"),
    [
        (
            "https://stores.example.org/ops",
            {"https://stores.example.org", "https://stores.example.org:443/ops/reports"},
        ),
        *(
            (unreadable, set())
            for unreadable in ("", "stores.example.org", "https://stores.example.org:port", "https://[")
        ),
    ],
)
def test_pages_of_the_host_are_ours_whatever_base_url_is(
    monkeypatch: pytest.MonkeyPatch, base_url: str, public: set[str]
) -> None:
    from store_uptime_web import security  # imports Airflow, which tests/dags must have configured before

    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    request = Request({"type": "http", "headers": [(b"host", b"stores.test:8080")]})
    own = {"http://stores.test:8080", "https://stores.test:8080/store-uptime/pages/reports"}
    foreign = {"", "null", "http://stores.test", "https://[", "https://stores.test:port", "http://stores.example.org"}
    foreign |= {"https://stores.example.org"} - public
    assert {source for source in own | public | foreign if security.is_own_origin(request, source)} == own | public


class Evil(BaseHTTPRequestHandler):
    """A page with a form that the visitor's browser sends to us."""

    target = ""

    def do_GET(self) -> None:
        form = f'<form method="post" action="{self.target}" enctype="text/plain"></form>'
        page = f"{form}<script>document.forms[0].submit()</script>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def evil() -> Iterator[int]:
    """The port that the page is served on."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_forged_forms_get_nowhere_in_chromium(stack: Stack, evil: int, paused: None) -> None:
    port = urlsplit(stack.urls["simple"]).port
    address = f"http://app.{SITE}:{port}"
    with stack.airflow("user") as airflow:
        run = airflow.post("dags/store_uptime_report/dagRuns", json={"logical_date": None}).json()["dag_run_id"]
    with stack.client() as client:
        (queued,) = [one for one in client.get("reports").json()["reports"] if one["dag_run_id"] == run]
    rules = f"--host-resolver-rules=MAP *.{SITE} 127.0.0.1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, rules])
        context = chromium.new_context()
        context.add_cookies([{"name": "_token", "value": stack.tokens["simple", "user"], "url": address}])
        page = context.new_page()
        for path in (
            "/trigger_report",
            "/store-uptime/trigger_report",
            f"/store-uptime/reports/{queued['report_id']}/cancel",
        ):
            Evil.target = address + path
            with page.expect_response(Evil.target) as answer:
                page.goto(f"http://evil.{SITE}:{evil}/")
            sent = answer.value.request.all_headers()
            assert "_token=" in sent["cookie"], "the browser did send the session"
            assert "sec-fetch-site" not in sent, "plain http: the browser does not say where the page is from"
            assert answer.value.status == 403, path
        assert page.goto(f"{address}/store-uptime/pages/reports").status == 200
        own = page.evaluate("fetch('/store-uptime/trigger_report', {method: 'POST'}).then((answer) => answer.status)")
        assert own == 409, "our own page may; the DAG is paused"
        chromium.close()
    with stack.client() as client:
        assert client.get(f"reports/{queued['report_id']}").json()["state"] == "Queued"
        assert client.post(f"reports/{queued['report_id']}/cancel").status_code == 202
