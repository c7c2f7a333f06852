"""Rules of notifications: which events of stores are told to whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import RowMapping

from store_uptime.db.statements import statement
from store_uptime.delivery import recipients, rules
from store_uptime.history.questions import Choice, check_kind, find_settlement, find_store_keys, reading
from store_uptime_web import airflow_client, problems, queries
from store_uptime_web.api import bodies
from store_uptime_web.api.templates import CHANGING, READING, checking
from store_uptime_web.problems import Problem, invalid
from store_uptime_web.schemas.delivery import Rule, RuleChange, RuleRequest, Rules
from store_uptime_web.security import READ, Triggerer

router = APIRouter(tags=["notifications"])

RuleId = Annotated[int, Path(ge=1, le=(1 << 63) - 1)]
NULLABLE = ("store_id", "group_kind", "group_name", "quiet_from", "quiet_until")


async def new_rule(request: Request, _: Triggerer) -> RuleRequest:
    """The body."""
    return await bodies.read(request, RuleRequest)


async def changed_rule(request: Request, _: Triggerer) -> RuleChange:
    """The body."""
    return await bodies.read(request, RuleChange)


@router.get(
    "/rules", summary="Rules of notifications", dependencies=[READ], responses=problems.documented(401, 403, 429, 503)
)
def list_rules() -> Rules:
    """All rules, by name."""
    return Rules(rules=[rule_json(one) for one in rows(None)])


@router.post(
    "/rules",
    status_code=201,
    summary="Create a rule",
    response_model=Rule,
    responses=CHANGING,
    openapi_extra=bodies.documented(RuleRequest),
)
def create_rule(request: Request, user: Triggerer, body: Annotated[RuleRequest, Depends(new_rule)]) -> Response:
    """Events that were over before are not told."""
    with checking("rule"):
        wanted = checked(body.model_dump())
        with queries.editor().begin() as connection:
            rule_id = rules.add(connection, wanted, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "create_rule", {"rule_id": rule_id})
    location = f"{airflow_client.root_path(request)}{airflow_client.PREFIX}/v1/rules/{rule_id}"
    content = show_rule(rule_id).model_dump(mode="json")
    return JSONResponse(content, status_code=201, headers={"Location": location})


@router.get("/rules/{rule_id}", summary="One rule", dependencies=[READ], responses=READING)
def show_rule(rule_id: RuleId) -> Rule:
    """The rule."""
    return rule_json(row(rule_id))


@router.patch(
    "/rules/{rule_id}",
    summary="Change, pause or resume a rule",
    responses=CHANGING,
    openapi_extra=bodies.documented(RuleChange),
)
def change_rule(rule_id: RuleId, user: Triggerer, body: Annotated[RuleChange, Depends(changed_rule)]) -> Rule:
    """What is left out stays as it is. What was over while it was paused is not told."""
    given = body.model_dump(exclude_unset=True)
    if null := [name for name, value in given.items() if value is None and name not in NULLABLE]:
        raise invalid(null[0], "may be left out, but not null")
    found = row(rule_id)
    current = rule_json(found).model_dump() | {"recipients": list(found["recipients"])}
    if "recipients" in given:
        known = {recipients.shown(one): one for one in found["recipients"]}
        given["recipients"] = [known.get(one, one) for one in given["recipients"]]
    with checking("rule"):
        wanted = checked(current | given)
        with queries.editor().begin() as connection:
            rules.change(connection, rule_id, wanted, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "change_rule", {"rule_id": rule_id, "fields": sorted(given)})
    return show_rule(rule_id)


@router.delete("/rules/{rule_id}", status_code=204, summary="Delete a rule", responses=CHANGING, response_model=None)
def delete_rule(rule_id: RuleId, user: Triggerer) -> Response:
    """With what it has noticed. What is in the outbox is still sent."""
    row(rule_id)
    with queries.editor().begin() as connection:
        connection.execute(statement("delivery/rules/delete"), {"rule_id": rule_id})
    airflow_client.record_change(user, "delete_rule", {"rule_id": rule_id})
    return Response(status_code=204)


def checked(fields: dict[str, Any]) -> rules.Rule:
    """A rule whose recipients the deployment allows; 422 names what nobody has, once days are settled."""
    choice = Choice(fields["store_id"], fields["group_kind"], fields["group_name"])
    kind, name = choice.scope
    own = {
        name: value
        for name, value in fields.items()
        if name in rules.Rule.__dataclass_fields__ and name not in ("events", "recipients")
    }
    wanted = rules.Rule(
        **own,
        events=tuple(fields["events"]),
        recipients=tuple(fields["recipients"]),
        scope_kind=kind,
        scope_name=name,
        grouped_by=fields["by"],
    )
    wanted.check_recipients(queries.settings().allow_recipients)
    with reading(queries.engine()) as connection:
        if find_settlement(connection) is not None:
            check_kind(connection, "by", wanted.grouped_by)
            find_store_keys(connection, choice)
    return wanted


def rows(rule_id: int | None) -> list[RowMapping]:
    """Rows of rules: all, or of one."""
    with queries.engine().connect() as connection:
        return list(connection.execute(statement("delivery/rules/list"), {"rule_id": rule_id}).mappings())


def row(rule_id: int) -> RowMapping:
    """The row of a rule; 404 without one."""
    found = rows(rule_id)
    if not found:
        raise Problem(404, f"There is no rule {rule_id}.")
    return found[0]


def rule_json(found: RowMapping) -> Rule:
    """A rule as an answer, without what may be a secret."""
    kind, name = found["scope_kind"], found["scope_name"]
    is_group = kind not in ("store", "all")
    return Rule.model_validate(
        dict(found)
        | {
            "recipients": [recipients.shown(one) for one in found["recipients"]],
            "by": found["grouped_by"],
            "store_id": name if kind == "store" else None,
            "group_kind": kind if is_group else None,
            "group_name": name if is_group else None,
        }
    )
