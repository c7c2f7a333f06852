"""Templates: named selections of figures that subscriptions send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError

from store_uptime.db.statements import statement
from store_uptime.delivery import templates
from store_uptime.delivery.templates import Selection
from store_uptime.errors import InvalidFieldError
from store_uptime.history.questions import Choice, QuestionError, check_kind, find_settlement, find_store_keys, reading
from store_uptime_web import airflow_client, problems, queries
from store_uptime_web.api import bodies
from store_uptime_web.problems import Problem, invalid
from store_uptime_web.schemas.delivery import Template, TemplateChange, TemplateRequest, Templates
from store_uptime_web.security import READ, Triggerer

router = APIRouter(tags=["subscriptions"])

READING = problems.documented(401, 403, 404, 422, 429, 503)
CHANGING = problems.documented(401, 403, 404, 409, 413, 415, 422, 429, 503)
TemplateId = Annotated[int, Path(ge=1, le=(1 << 63) - 1)]
FIELDS = {"kind": "group_kind", "name": "group_name"}  # of a choice, as the body calls them


async def new_template(request: Request, _: Triggerer) -> TemplateRequest:
    """The body."""
    return await bodies.read(request, TemplateRequest)


async def changed_template(request: Request, _: Triggerer) -> TemplateChange:
    """The body."""
    return await bodies.read(request, TemplateChange)


@contextmanager
def checking(what: str) -> Iterator[None]:
    """Turns errors of fields into 422, and a name that is taken into 409."""
    try:
        yield
    except InvalidFieldError as error:
        raise invalid(error.field, error.problem) from error
    except QuestionError as error:
        raise invalid(FIELDS.get(error.field, error.field), error.problem) from error
    except IntegrityError as error:
        raise Problem(409, f"There is a {what} with this name already, or the template is gone.") from error


@router.get("/templates", summary="Templates", dependencies=[READ], responses=problems.documented(401, 403, 429, 503))
def list_templates() -> Templates:
    """All templates, by name."""
    return Templates(templates=[template_json(row) for row in rows(None)])


@router.post(
    "/templates",
    status_code=201,
    summary="Create a template",
    response_model=Template,
    responses=CHANGING,
    openapi_extra=bodies.documented(TemplateRequest),
)
def create_template(
    request: Request, user: Triggerer, body: Annotated[TemplateRequest, Depends(new_template)]
) -> Response:
    """A named selection of figures, and the formats in which it is sent."""
    with checking("template"):
        selection = selection_of(body.model_dump())
        with queries.editor().begin() as connection:
            template_id = templates.add(connection, body.name, selection, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "create_template", {"template_id": template_id})
    location = f"{airflow_client.root_path(request)}{airflow_client.PREFIX}/v1/templates/{template_id}"
    return JSONResponse(
        template_json(row(template_id)).model_dump(mode="json"), status_code=201, headers={"Location": location}
    )


@router.get("/templates/{template_id}", summary="One template", dependencies=[READ], responses=READING)
def show_template(template_id: TemplateId) -> Template:
    """The template."""
    return template_json(row(template_id))


@router.patch(
    "/templates/{template_id}",
    summary="Change a template",
    responses=CHANGING,
    openapi_extra=bodies.documented(TemplateChange),
)
def change_template(
    template_id: TemplateId, user: Triggerer, body: Annotated[TemplateChange, Depends(changed_template)]
) -> Template:
    """What is left out stays as it is. Deliveries that wait send what it is then."""
    given = body.model_dump(exclude_unset=True)
    if null := [name for name in ("name", "answer", "formats", "period", "by") if given.get(name, "") is None]:
        raise invalid(null[0], "may be left out, but not null")
    current = template_json(row(template_id)).model_dump()
    with checking("template"):
        wanted = current | given
        selection = selection_of(wanted)
        with queries.editor().begin() as connection:
            templates.change(connection, template_id, wanted["name"], selection, user.get_name(), datetime.now(UTC))
    airflow_client.record_change(user, "change_template", {"template_id": template_id, "fields": sorted(given)})
    return template_json(row(template_id))


@router.delete(
    "/templates/{template_id}", status_code=204, summary="Delete a template", responses=CHANGING, response_model=None
)
def delete_template(template_id: TemplateId, user: Triggerer) -> Response:
    """409 while a subscription sends it."""
    found = row(template_id)
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
    with reading(queries.engine()) as connection:
        if find_settlement(connection) is not None:
            check_kind(connection, "by", selection.by)
            find_store_keys(connection, choice)
    return selection


def rows(template_id: int | None) -> list[RowMapping]:
    """Rows of templates: all, or of one."""
    with queries.engine().connect() as connection:
        return list(connection.execute(statement("delivery/templates/list"), {"template_id": template_id}).mappings())


def row(template_id: int) -> RowMapping:
    """The row of a template; 404 without one."""
    found = rows(template_id)
    if not found:
        raise Problem(404, f"There is no template {template_id}.")
    return found[0]


def template_json(found: RowMapping) -> Template:
    """A template as an answer."""
    kind, name = found["scope_kind"], found["scope_name"]
    is_group = kind not in ("store", "all")
    return Template.model_validate(
        dict(found)
        | {
            "by": found["grouped_by"],
            "store_id": name if kind == "store" else None,
            "group_kind": kind if is_group else None,
            "group_name": name if is_group else None,
            "columns": found["column_names"],
        }
    )
