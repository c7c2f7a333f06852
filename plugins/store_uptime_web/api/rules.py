"""Rules of notifications: which events of stores are told to whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from sqlalchemy import Connection, RowMapping

from store_uptime.db.statements import statement
from store_uptime.delivery import recipients, rules, telling
from store_uptime.history.questions import Choice
from store_uptime_web import airflow_client, queries
from store_uptime_web.api import bodies, changes
from store_uptime_web.api.reports import Cursor, Limit
from store_uptime_web.schemas.delivery import NoticePage, Rule, RuleChange, RuleRequest, Rules
from store_uptime_web.security import READ, Reader, Triggerer

router = APIRouter(tags=["notifications"])

RuleId = Annotated[int, Path(ge=1, le=changes.LARGEST_ID)]
NULLABLE = ("store_id", "group_kind", "group_name", "quiet_from", "quiet_until")


async def new_rule(request: Request, _: Triggerer) -> RuleRequest:
    """The body."""
    return await bodies.read(request, RuleRequest)


async def changed_rule(request: Request, _: Triggerer) -> RuleChange:
    """The body."""
    return await bodies.read(request, RuleChange)


@router.get("/rules", summary="Rules of notifications", responses=changes.LISTING)
def list_rules(user: Reader) -> Rules:
    """All rules by name, what each holds back, and whether anything is sent at all."""
    found, clock = changes.rows("rule"), datetime.now(UTC)
    with queries.engine().connect() as connection:
        counted = counts(connection)
        listed = [rule_json(connection, one, counted, clock) for one in found]
    return Rules.model_validate({"rules": listed, **changes.sending(user)})


@router.post(
    "/rules",
    status_code=201,
    summary="Create a rule",
    response_model=Rule,
    responses=changes.CHANGING,
    openapi_extra=bodies.documented(RuleRequest),
)
def create_rule(request: Request, user: Triggerer, body: Annotated[RuleRequest, Depends(new_rule)]) -> Response:
    """Events that were over before are not told."""
    with changes.checking("rule"):
        wanted = checked(body.model_dump())
        with queries.editor().begin() as connection:
            rule_id = rules.add(connection, wanted, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "create_rule", {"rule_id": rule_id})
    return changes.created(request, f"rules/{rule_id}", show_rule(rule_id))


@router.get("/rules/{rule_id}", summary="One rule", dependencies=[READ], responses=changes.READING)
def show_rule(rule_id: RuleId) -> Rule:
    """The rule."""
    found = changes.row("rule", rule_id)
    with queries.engine().connect() as connection:
        return rule_json(connection, found, counts(connection, rule_id), datetime.now(UTC))


@router.patch(
    "/rules/{rule_id}",
    summary="Change, pause or resume a rule",
    responses=changes.CHANGING,
    openapi_extra=bodies.documented(RuleChange),
)
def change_rule(rule_id: RuleId, user: Triggerer, body: Annotated[RuleChange, Depends(changed_rule)]) -> Rule:
    """What is left out stays as it is. What was over while it was paused is not told."""
    given = changes.given(body, NULLABLE)
    found = changes.row("rule", rule_id)
    current = dict(found) | changes.scope_fields(found)
    if "recipients" in given:
        given["recipients"] = changes.meant(given["recipients"], found["recipients"])
    with changes.checking("rule"):
        wanted = checked(current | given)
        with queries.editor().begin() as connection:
            rules.change(connection, rule_id, wanted, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "change_rule", {"rule_id": rule_id, "fields": sorted(given)})
    return show_rule(rule_id)


@router.get("/rules/{rule_id}/notices", summary="The log of a rule", dependencies=[READ], responses=changes.READING)
def list_notices(rule_id: RuleId, limit: Limit = 25, cursor: Cursor = None) -> NoticePage:
    """What it has noticed, newest first: what is held back, and what was told when, to whom, and what went wrong."""
    changes.row("rule", rule_id)
    binds = {"rule_id": rule_id, "notices": limit + 1}
    lines, following = changes.log("delivery/notices/log", "notice_id", limit, cursor, binds)
    return NoticePage.model_validate({"notices": [notice_json(line) for line in lines], "next": following})


@router.delete(
    "/rules/{rule_id}", status_code=204, summary="Delete a rule", responses=changes.CHANGING, response_model=None
)
def delete_rule(rule_id: RuleId, user: Triggerer) -> Response:
    """With what it has noticed. What is in the outbox is still sent."""
    changes.row("rule", rule_id)
    with queries.editor().begin() as connection:
        connection.execute(statement("delivery/rules/delete"), {"rule_id": rule_id})
    airflow_client.record_change(user, "delete_rule", {"rule_id": rule_id})
    return Response(status_code=204)


def checked(fields: dict[str, Any]) -> rules.Rule:
    """A rule whose recipients the deployment allows; 422 names what nobody has, once days are settled."""
    choice = Choice(fields["store_id"], fields["group_kind"], fields["group_name"])
    kind, name = choice.scope
    own = {name: value for name, value in fields.items() if name in rules.Rule.__dataclass_fields__}
    wanted = rules.Rule(
        **own
        | {
            "events": tuple(fields["events"]),
            "recipients": tuple(fields["recipients"]),
            "scope_kind": kind,
            "scope_name": name,
            "grouped_by": fields["by"],
        }
    )
    recipients.check_list(wanted.recipients, queries.settings().allow_recipients)
    changes.check_scope(wanted.grouped_by, choice)
    return wanted


def counts(connection: Connection, rule_id: int | None = None) -> dict[int, RowMapping]:
    """What each rule, or the one with an id, has told and holds back."""
    found = connection.execute(statement("delivery/notices/count_by_rule"), {"rule_id": rule_id}).mappings()
    return {one["rule_id"]: one for one in found}


def rule_json(connection: Connection, found: RowMapping, counted: dict[int, RowMapping], clock: datetime) -> Rule:
    """A rule as an answer, without what may be a secret."""
    rule_id = found["rule_id"]
    own, held_back = counted.get(rule_id), None
    if own is not None and own["held_back"]:
        told = telling.count_told(connection, rule_id, clock)
        reason = telling.reason_to_hold(rules.Rule.from_row(found), own["held_back_since"], told, clock)
        held_back = {"events": own["held_back"], "since": own["held_back_since"], "reason": reason}
    return Rule.model_validate(
        dict(found)
        | changes.scope_fields(found)
        | {
            "recipients": [recipients.shown(one) for one in found["recipients"]],
            "last_told_at": own["last_told_at"] if own is not None else None,
            "held_back": held_back,
        }
    )


def notice_json(found: list[RowMapping]) -> dict[str, Any]:
    """A notice with the messages about it; `found` has a row for each."""
    first = found[0]
    messages = [changes.message_json(one) for one in found if one["recipient"] is not None]
    return dict(first) | {"event": rules.event_of(first["kind"]), "messages": messages}
