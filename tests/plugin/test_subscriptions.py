"""Templates and subscriptions by HTTP: made, listed, changed, previewed, tested; what is not allowed is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from plugin.stack import Stack, wait_for
from support.receiver import Receiver

TEMPLATE = {"answer": "availability", "formats": ["csv", "pdf"], "by": "region", "period": "day"}
SUBSCRIPTION = {
    "recipients": ["ann@example.org"],
    "cron": "0 7 * * 1",
    "timezone": "America/Chicago",
    "period": "week",
}


@pytest.fixture(scope="module")
def user(stack: Stack) -> Iterator[httpx.Client]:
    """A user whose changes are this module's only."""
    with stack.client("eve") as client:
        yield client


@pytest.fixture
def template(user: httpx.Client, settled: UUID) -> dict[str, Any]:
    answer = user.post("v1/templates", json=TEMPLATE | {"name": str(uuid4())})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(f"/v1/templates/{answer.json()['template_id']}")
    return answer.json()


@pytest.fixture
def subscription(user: httpx.Client, template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    body = SUBSCRIPTION | {"name": f"Weekly {uuid4()}", "template_id": template["template_id"]}
    answer = user.post("v1/subscriptions", json=body)
    assert answer.status_code == 201, answer.text
    yield answer.json()
    user.delete(f"v1/subscriptions/{answer.json()['subscription_id']}")


@pytest.fixture(scope="module")
def standing_subscription(user: httpx.Client, settled: UUID) -> Iterator[dict[str, Any]]:
    """A subscription that no test changes."""
    template = user.post("v1/templates", json=TEMPLATE | {"name": "Standing"})
    assert template.status_code == 201, template.text
    body = SUBSCRIPTION | {"name": "Standing", "template_id": template.json()["template_id"]}
    answer = user.post("v1/subscriptions", json=body)
    assert answer.status_code == 201, answer.text
    yield answer.json()
    user.delete(f"v1/subscriptions/{answer.json()['subscription_id']}")


def errors(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


def test_a_template_is_made_listed_changed_and_deleted(
    user: httpx.Client, viewer: httpx.Client, template: dict[str, Any]
) -> None:
    address = f"v1/templates/{template['template_id']}"
    assert viewer.get(address).json() == template
    assert template in viewer.get("v1/templates").json()["templates"]
    assert {name: template[name] for name in TEMPLATE} == TEMPLATE
    assert (template["store_id"], template["group_kind"], template["columns"]) == (None, None, None)
    assert (template["subscriptions"], template["changed_by"]) == (0, "eve")

    changed = user.patch(
        address, json={"group_kind": "region", "group_name": "Americas", "columns": ["scope", "up_us"]}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["group_name"] == "Americas"
    assert changed.json()["formats"] == ["csv", "pdf"]
    assert errors(user.patch(address, json={"store_id": "0042"})) == ["store_id"]
    only = user.patch(address, json={"store_id": "0042", "group_kind": None, "group_name": None, "by": "store"})
    assert only.json()["store_id"] == "0042"
    assert errors(user.patch(address, json={"formats": None})) == ["formats"]
    assert user.delete(address).status_code == 204
    assert user.get(address).status_code == user.delete(address).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"answer": "now"}, "answer"),
        ({"formats": []}, "formats"),
        ({"formats": ["csv", "csv"]}, "formats"),
        ({"formats": ["json"]}, "formats.0"),
        ({"by": "planet"}, "by"),
        ({"group_kind": "region"}, "group_name"),
        ({"group_kind": "region", "group_name": "Atlantis"}, "group_name"),
        ({"store_id": "nobody"}, "store_id"),
        ({"columns": ["store_id"]}, "columns"),
        ({"name": ""}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_template_that_cannot_be(user: httpx.Client, settled: UUID, change: dict[str, Any], field: str) -> None:
    assert errors(user.post("v1/templates", json=TEMPLATE | {"name": "x"} | change)) == [field]


def test_a_subscription_is_made_listed_changed_paused_and_deleted(
    user: httpx.Client, viewer: httpx.Client, template: dict[str, Any], subscription: dict[str, Any], receiver: Receiver
) -> None:
    address = f"v1/subscriptions/{subscription['subscription_id']}"
    assert viewer.get(address).json() == subscription
    assert subscription["next_due_at"] is not None
    assert (subscription["send_when"], subscription["wait_hours"], subscription["last"]) == ("always", 24, None)
    listed = viewer.get("v1/subscriptions").json()
    assert subscription in listed["subscriptions"]
    assert listed["may"] == {"change": False}
    assert user.get("v1/subscriptions").json()["may"] == {"change": True}
    assert listed["allowed"] == ["@example.org", f"{receiver.url}/…", "connection:ops"]
    assert (listed["outbox"]["is_on"], listed["outbox"]["is_paused"]) == (True, False)

    hook = f"{receiver.url}/subscriptions/secret?key=secret"
    changed = user.patch(address, json={"recipients": [hook, "ann@example.org"]})
    assert changed.json()["recipients"] == [f"{receiver.url}/…", "ann@example.org"]
    again = user.patch(address, json={"recipients": [f"{receiver.url}/…"], "is_paused": True})
    assert again.status_code == 200, again.text
    assert (again.json()["is_paused"], again.json()["next_due_at"]) == (True, None)
    assert user.delete(f"v1/templates/{template['template_id']}").status_code == 409
    for path in ("", "/deliveries", "/preview"):
        assert "secret" not in viewer.get(f"{address}{path}").text
    assert user.delete(address).status_code == 204
    assert viewer.get(address).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipients": ["ann@evil.net"]}, "recipients"),
        ({"recipients": ["https://evil.net/x"]}, "recipients"),
        ({"recipients": ["connection:smtp_default"]}, "recipients"),
        ({"recipients": ["setting:STORE_UPTIME_ALERT_WEBHOOK"]}, "recipients"),
        ({"recipients": ["http://169.254.169.254/"]}, "recipients"),
        ({"recipients": []}, "recipients"),
        ({"cron": "whenever"}, "cron"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"period": "range"}, "period"),
        ({"send_when": "never"}, "send_when"),
        ({"wait_hours": -1}, "wait_hours"),
        ({"template_id": "1"}, "template_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_subscription_that_cannot_be(
    user: httpx.Client, standing_subscription: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    body = SUBSCRIPTION | {"name": "x", "template_id": standing_subscription["template_id"]}
    assert errors(user.post("v1/subscriptions", json=body | change)) == [field]
    address = f"v1/subscriptions/{standing_subscription['subscription_id']}"
    assert errors(user.patch(address, json=change)) == [field]


def test_names_are_unique_and_templates_known(user: httpx.Client, subscription: dict[str, Any]) -> None:
    body = SUBSCRIPTION | {"name": subscription["name"], "template_id": subscription["template_id"]}
    assert user.post("v1/subscriptions", json=body).status_code == 409
    assert user.post("v1/subscriptions", json=body | {"name": "y", "template_id": 999_999}).status_code == 409


def test_a_preview_shows_what_would_be_sent_and_a_test_sends_it(
    stack: Stack, user: httpx.Client, viewer: httpx.Client, subscription: dict[str, Any], receiver: Receiver
) -> None:
    """The sample ends in January 2023, so there is nothing to send of last week: the message says that."""
    address = f"v1/subscriptions/{subscription['subscription_id']}"
    preview = viewer.get(f"{address}/preview").json()
    assert preview["subject"].startswith(subscription["name"])
    assert preview["text"].startswith("Nothing could be sent of ")
    assert preview["files"] == []

    hook = f"{receiver.url}/subscriptions/a"
    assert user.patch(address, json={"recipients": [hook]}).status_code == 200
    asked = user.post(f"{address}/test")
    assert asked.status_code == 202, asked.text
    assert asked.json()["test_requested_at"] is not None
    with stack.airflow() as airflow:
        airflow.post("dags/store_uptime_delivery/dagRuns", json={"logical_date": None}).raise_for_status()

    def arrived() -> list[dict[str, Any]]:
        return [one for one in receiver.messages if one["subject"] == f"Test: {preview['subject']}"]

    wait_for(lambda: bool(arrived()), "the test to arrive")
    assert len(arrived()) == 1
    wait_for(lambda: viewer.get(address).json()["test_requested_at"] is None, "the test to be done")
    assert viewer.get(f"{address}/deliveries").json() == {"deliveries": [], "next": None}


def test_the_log_shows_each_delivery_and_recipient(
    stack: Stack, viewer: httpx.Client, subscription: dict[str, Any]
) -> None:
    number = subscription["subscription_id"]
    with stack.owner.begin() as connection:
        for week in ("2023-W01", "2023-W02", "2023-W03"):
            connection.exec_driver_sql(
                "insert into delivery.delivery (subscription_id, period, from_date, until_date, due_at, deadline_at,"
                f" state, reason) values ({number}, '{week}', '2023-01-02', '2023-01-08', '2023-01-09 07:00Z',"
                " '2023-01-10 07:00Z', 'failed', 'No store has days.')"
            )
    first = viewer.get(f"v1/subscriptions/{number}/deliveries", params={"limit": "2"}).json()
    second = viewer.get(f"v1/subscriptions/{number}/deliveries", params={"limit": "2", "cursor": first["next"]}).json()
    assert [one["period"] for one in first["deliveries"]] == ["2023-W03", "2023-W02"]
    assert [one["period"] for one in second["deliveries"]] == ["2023-W01"]
    assert second["next"] is None
    assert second["deliveries"][0]["reason"] == "No store has days."
    last = viewer.get(f"v1/subscriptions/{number}").json()["last"]
    assert last == {
        "period": "2023-W03",
        "state": "failed",
        "reason": "No store has days.",
        "messages": 0,
        "sent": 0,
        "given_up": 0,
    }
    assert errors(viewer.get(f"v1/subscriptions/{number}/deliveries", params={"cursor": "bm8"})) == ["cursor"]


def test_changes_are_in_the_audit_log(stack: Stack, user: httpx.Client, subscription: dict[str, Any]) -> None:
    number = subscription["subscription_id"]
    user.patch(f"v1/subscriptions/{number}", json={"is_paused": True})
    events = stack.rows(
        "select event from public.log where dag_id = 'store_uptime_delivery' and owner = 'eve'"
        " and cast(extra as json) ->> 'subscription_id' = :number order by id",
        number=str(number),
    )
    assert [event for (event,) in events] == ["create_subscription", "change_subscription"]


def test_a_page_of_another_origin_changes_nothing(stack: Stack, subscribed: None) -> None:
    with stack.client(None) as browser:
        browser.cookies.set("_token", stack.tokens["simple", "user"])
        foreign = {"Origin": "https://evil.net", "Sec-Fetch-Site": "cross-site"}
        for method, path in (("PATCH", "subscriptions/1"), ("DELETE", "subscriptions/1"), ("POST", "subscriptions")):
            assert browser.request(method, f"v1/{path}", headers=foreign, json={}).status_code == 403
