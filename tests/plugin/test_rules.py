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
    assert rule in viewer.get("v1/rules").json()["rules"]
    assert {name: rule[name] for name in RULE} == RULE
    assert (rule["inactive_polls"], rule["hourly_cap"], rule["by"], rule["changed_by"]) == (2, 20, "all", "dan")
    hook = f"{receiver.url}/subscriptions/secret"
    scope = {"group_kind": "region", "group_name": "Americas", "by": "region"}
    changed = user.patch(address, json=scope | {"recipients": [hook], "quiet_from": None, "quiet_until": None})
    assert changed.status_code == 200, changed.text
    assert changed.json()["recipients"] == [f"{receiver.url}/…"]
    paused = user.patch(address, json={"is_paused": True, "recipients": [f"{receiver.url}/…", "ann@example.org"]})
    assert (paused.json()["is_paused"], paused.json()["group_name"]) == (True, "Americas")
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
