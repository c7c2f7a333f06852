"""Rules of notifications by HTTP: made, listed, changed, paused, deleted; what is not allowed is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from plugin.stack import Stack
from support.receiver import Receiver

RULE = {"events": ["outage", "data"], "recipients": ["ann@example.org"], "quiet_from": "22:00", "quiet_until": "06:30"}


@pytest.fixture(scope="module")
def user(stack: Stack) -> Iterator[httpx.Client]:
    """A user whose changes are this module's only."""
    with stack.client("dan") as client:
        yield client


@pytest.fixture
def rule(user: httpx.Client, settled: UUID) -> Iterator[dict[str, Any]]:
    answer = user.post("v1/rules", json=RULE | {"name": f"Ops {uuid4()}"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(f"/v1/rules/{answer.json()['rule_id']}")
    yield answer.json()
    user.delete(f"v1/rules/{answer.json()['rule_id']}")


@pytest.fixture(scope="module")
def standing_rule(user: httpx.Client, settled: UUID) -> Iterator[str]:
    """The address of a rule that no test changes."""
    answer = user.post("v1/rules", json=RULE | {"name": "Standing"})
    assert answer.status_code == 201, answer.text
    yield f"v1/rules/{answer.json()['rule_id']}"
    user.delete(f"v1/rules/{answer.json()['rule_id']}")


def errors(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["field"] for error in answer.json()["errors"]]


def test_a_rule_is_made_listed_changed_paused_and_deleted(
    user: httpx.Client, viewer: httpx.Client, rule: dict[str, Any], receiver: Receiver
) -> None:
    address = f"v1/rules/{rule['rule_id']}"
    assert viewer.get(address).json() == rule
    listed = viewer.get("v1/rules").json()
    assert rule in listed["rules"]
    assert (listed["may"], user.get("v1/rules").json()["may"]) == ({"change": False}, {"change": True})
    assert listed["allowed"] == ["@example.org", f"{receiver.url}/…", "connection:ops"]
    assert (listed["outbox"]["is_on"], listed["outbox"]["is_paused"]) == (True, False)
    assert (rule["last_told_at"], rule["held_back"]) == (None, None)
    assert {name: rule[name] for name in RULE} == RULE
    assert (rule["inactive_polls"], rule["hourly_cap"], rule["by"], rule["changed_by"]) == (2, 20, "all", "dan")
    hook = f"{receiver.url}/subscriptions/secret"
    scope = {"group_kind": "region", "group_name": "Americas", "by": "region"}
    changed = user.patch(address, json=scope | {"recipients": [hook], "quiet_from": None, "quiet_until": None})
    assert changed.status_code == 200, changed.text
    assert changed.json()["recipients"] == [f"{receiver.url}/…"]
    paused = user.patch(address, json={"is_paused": True, "recipients": [f"{receiver.url}/…", "ann@example.org"]})
    assert (paused.json()["is_paused"], paused.json()["group_name"]) == (True, "Americas")
    assert paused.json()["recipients"] == [f"{receiver.url}/…", "ann@example.org"]
    two = user.patch(address, json={"recipients": [hook, f"{hook}/2"]}).json()["recipients"]
    assert two == [f"{receiver.url}/…"] * 2
    kept = user.patch(address, json={"recipients": [*two, "ann@example.org"]})
    assert kept.json()["recipients"] == [*two, "ann@example.org"], "both are meant, though they look alike"
    assert "secret" not in viewer.get("v1/rules").text
    assert user.delete(address).status_code == 204
    assert viewer.get(address).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"events": ["fire"]}, "events.0"),
        ({"events": ["data", "data"]}, "events"),
        ({"recipients": ["ann@evil.net"]}, "recipients"),
        ({"recipients": ["connection:smtp_default"]}, "recipients"),
        ({"quiet_from": "25:00"}, "quiet_from"),
        ({"quiet_until": None}, "quiet_until"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"store_id": "nobody"}, "store_id"),
        ({"group_kind": "region"}, "group_name"),
        ({"by": "planet"}, "by"),
        ({"hourly_cap": 0}, "hourly_cap"),
        ({"group_percent": 101}, "group_percent"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_rule_that_cannot_be(user: httpx.Client, standing_rule: str, change: dict[str, Any], field: str) -> None:
    assert errors(user.post("v1/rules", json=RULE | {"name": "x"} | change)) == [field]
    assert errors(user.patch(standing_rule, json=change)) == [field]


def test_names_are_unique(user: httpx.Client, rule: dict[str, Any]) -> None:
    assert user.post("v1/rules", json=RULE | {"name": rule["name"]}).status_code == 409


def test_the_log_shows_what_was_told_and_what_is_held_back(
    stack: Stack, user: httpx.Client, viewer: httpx.Client, rule: dict[str, Any], receiver: Receiver
) -> None:
    address, number = f"v1/rules/{rule['rule_id']}", rule["rule_id"]
    assert viewer.get(f"{address}/notices").json() == {"notices": [], "next": None}
    source = f"rule:{number}:notice:first"
    with stack.owner.begin() as connection:
        for name, told in (("a", "now()"), ("b", "now()"), ("c", "null")):
            connection.exec_driver_sql(
                "insert into delivery.notice (rule_id, kind, phase, scope, started_at, line, noticed_at, told_at,"
                f" source) values ({number}, 'budget_50', 'begun', '{name}', '2023-01-01Z', '{name} has spent 50 %%.',"
                f" '2023-01-25 12:00Z', {told}, '{source if told == 'now()' else ''}')"
            )
        connection.exec_driver_sql(
            "insert into delivery.message (message_id, source, recipient, destination, subject, body_text, state,"
            " attempts, created_at, next_attempt_at, give_up_at, error) values (gen_random_uuid(),"
            f" '{source}', '{receiver.url}/subscriptions/secret', 'x', '2 events', 'x', 'given_up', 30, now(), now(),"
            " now(), 'answered 500')"
        )
    first = viewer.get(f"{address}/notices", params={"limit": "2"}).json()
    second = viewer.get(f"{address}/notices", params={"limit": "2", "cursor": first["next"]}).json()
    told = [*first["notices"], *second["notices"]]
    assert [(one["scope"], one["event"], one["phase"], one["subject"]) for one in told] == [
        ("c", "budget", "begun", None),
        ("b", "budget", "begun", "2 events"),
        ("a", "budget", "begun", "2 events"),
    ]
    assert (told[0]["told_at"], told[0]["messages"], second["next"]) == (None, [], None)
    (message,) = told[1]["messages"]
    assert (message["recipient"], message["state"], message["error"]) == (
        f"{receiver.url}/…",
        "given_up",
        "answered 500",
    )
    assert "secret" not in viewer.get(f"{address}/notices").text
    assert errors(viewer.get(f"{address}/notices", params={"cursor": "bm8"})) == ["cursor"]
    assert viewer.get("v1/rules/999999/notices").status_code == 404

    def held_back(**change: Any) -> tuple[int, str | None]:
        answer = user.patch(address, json=change)
        assert answer.status_code == 200, answer.text
        return answer.json()["held_back"]["events"], answer.json()["held_back"]["reason"]

    assert viewer.get(address).json()["last_told_at"] == told[1]["told_at"]
    assert held_back(quiet_from="00:00", quiet_until="23:59") == (1, "quiet hours until 23:59 in UTC")
    assert held_back(quiet_from=None, quiet_until=None) == (1, None)
    assert held_back(hourly_cap=1) == (1, "messages within an hour: 1, of 1 that the rule allows")
    assert held_back(is_paused=True) == (1, "the rule is paused")
