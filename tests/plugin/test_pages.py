"""How pages and static files are served: the same for every reader, cached by the browser, escaped where they quote."""

from __future__ import annotations

import re

from commands import page_types
from plugin.stack import Stack

PAGES = (
    "anomalies",
    "data_docs",
    "groups",
    "no_report",
    "notifications",
    "now",
    "outages",
    "overview",
    "quality",
    "quality_run",
    "report",
    "reports",
    "store",
    "subscriptions",
    "targets",
)
HTML = {"Accept": "text/html"}


def test_a_page_is_the_same_for_every_reader_and_sent_once(stack: Stack) -> None:
    with stack.client("viewer") as viewer, stack.client("admin", "fab") as admin:
        for name in PAGES:
            page = viewer.get(f"pages/{name}")
            assert page.status_code == 200
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert page.content == admin.get(f"pages/{name}").content, "another server, another user"
            etag = page.headers["etag"]
            for known in (etag, f"W/{etag}"):
                again = viewer.get(f"pages/{name}", headers={"If-None-Match": known})
                assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
            assert viewer.get(f"pages/{name}", headers={"If-None-Match": '"other"'}).status_code == 200


def test_everything_that_a_page_links_to_is_served(stack: Stack) -> None:
    with stack.client("viewer") as viewer:
        for name in PAGES:
            for path in re.findall(r'(?:src|href)="\.\./(static/[^"]+)"', viewer.get(f"pages/{name}").text):
                linked = viewer.get(path)
                assert linked.status_code == 200, (name, path)
                assert viewer.get(path, headers={"If-None-Match": linked.headers["etag"]}).status_code == 304


def test_a_tab_of_another_dag_says_that_it_has_no_report(stack: Stack) -> None:
    with stack.client("viewer") as viewer:
        assert "No uptime report here" in viewer.get("pages/run?dag_id=other&dag_run_id=x").text


def test_a_problem_page_escapes_what_it_quotes(stack: Stack) -> None:
    with stack.client("viewer") as viewer:
        page = viewer.get("pages/%3Cb%3E", headers=HTML)
    assert page.status_code == 404
    assert "&lt;b&gt;" in page.text
    assert "<b>" not in page.text


def test_only_pages_can_be_named(stack: Stack) -> None:
    with stack.client("viewer") as viewer:
        for name in ("base", "frame", "problem", "..%2Fbase", "pages%2Freports"):
            assert viewer.get(f"pages/{name}").status_code == 404, name


def test_a_stranger_is_asked_to_sign_in(stack: Stack) -> None:
    with stack.client(None) as anonymous, stack.client("viewer") as viewer:
        stranger = anonymous.get("pages/reports", headers=HTML)
        signed_in = viewer.get("pages/nothing", headers=HTML)
    assert stranger.status_code == 401
    assert re.search(r'href="[^"]*/auth/login"', stranger.text)
    assert "auth/login" not in signed_in.text


def test_scripts_are_checked_against_the_types_that_the_api_has(stack: Stack) -> None:
    with stack.client("viewer") as viewer:
        types = page_types.declarations(viewer.get("openapi.json").json())
    assert types == page_types.FILE.read_text(encoding="utf-8"), "run make page-types"
