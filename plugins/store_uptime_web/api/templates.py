"""Templates: named selections of figures that subscriptions send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response
from sqlalchemy import RowMapping

from store_uptime.db.statements import statement
from store_uptime.delivery import templates
from store_uptime.delivery.templates import Selection
from store_uptime.history.questions import Choice
from store_uptime_web import airflow_client, queries
from store_uptime_web.api import bodies, changes
from store_uptime_web.problems import Problem
from store_uptime_web.schemas.delivery import Template, TemplateChange, TemplateRequest, Templates
from store_uptime_web.security import READ, Triggerer

router = APIRouter(tags=["subscriptions"])

TemplateId = Annotated[int, Path(ge=1, le=changes.LARGEST_ID)]
NULLABLE = ("store_id", "group_kind", "group_name", "columns")


async def new_template(request: Request, _: Triggerer) -> TemplateRequest:
    """The body."""
    return await bodies.read(request, TemplateRequest)


async def changed_template(request: Request, _: Triggerer) -> TemplateChange:
    """The body."""
    return await bodies.read(request, TemplateChange)


@router.get("/templates", summary="Templates", dependencies=[READ], responses=changes.LISTING)
def list_templates() -> Templates:
    """All templates, by name."""
    return Templates(templates=[template_json(row) for row in changes.rows("template")])


@router.post(
    "/templates",
    status_code=201,
    summary="Create a template",
    response_model=Template,
    responses=changes.CHANGING,
    openapi_extra=bodies.documented(TemplateRequest),
)
def create_template(
    request: Request, user: Triggerer, body: Annotated[TemplateRequest, Depends(new_template)]
) -> Response:
    """A named selection of figures, and the formats in which it is sent."""
    with changes.checking("template"):
        selection = selection_of(body.model_dump())
        with queries.editor().begin() as connection:
            template_id = templates.add(connection, body.name, selection, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "create_template", {"template_id": template_id})
    return changes.created(request, f"templates/{template_id}", show_template(template_id))


@router.get("/templates/{template_id}", summary="One template", dependencies=[READ], responses=changes.READING)
def show_template(template_id: TemplateId) -> Template:
    """The template."""
    return template_json(changes.row("template", template_id))


@router.patch(
    "/templates/{template_id}",
    summary="Change a template",
    responses=changes.CHANGING,
    openapi_extra=bodies.documented(TemplateChange),
)
def change_template(
    template_id: TemplateId, user: Triggerer, body: Annotated[TemplateChange, Depends(changed_template)]
) -> Template:
    """What is left out stays as it is. Deliveries that wait send what it is then."""
    given = changes.given(body, NULLABLE)
    with changes.checking("template"):
        wanted = show_template(template_id).model_dump() | given
        selection = selection_of(wanted)
        with queries.editor().begin() as connection:
            templates.change(connection, template_id, wanted["name"], selection, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "change_template", {"template_id": template_id, "fields": sorted(given)})
    return show_template(template_id)


@router.delete(
    "/templates/{template_id}",
    status_code=204,
    summary="Delete a template",
    responses=changes.CHANGING,
    response_model=None,
)
def delete_template(template_id: TemplateId, user: Triggerer) -> Response:
    """409 while a subscription sends it."""
    found = changes.row("template", template_id)
    with queries.editor().begin() as connection:
        deleted = connection.execute(statement("delivery/templates/delete"), {"template_id": template_id}).first()
    if deleted is None:
        raise Problem(409, f"{found['name']} is sent by a subscription; delete or change that first.")
    airflow_client.record_change(user, "delete_template", {"template_id": template_id})
    return Response(status_code=204)


def selection_of(fields: dict[str, Any]) -> Selection:
    """What the fields of a body select; 422 names what nobody has, once days are settled."""
    choice = Choice(fields["store_id"], fields["group_kind"], fields["group_name"])
    columns = fields["columns"]
    selection = Selection(
        fields["answer"],
        tuple(fields["formats"]),
        fields["period"],
        fields["by"],
        choice,
        None if columns is None else tuple(columns),
    )
    changes.check_scope(selection.by, choice)
    return selection


def template_json(found: RowMapping) -> Template:
    """A template as an answer."""
    return Template.model_validate(dict(found) | changes.scope_fields(found) | {"columns": found["column_names"]})
