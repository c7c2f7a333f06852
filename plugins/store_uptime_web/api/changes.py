"""What templates, subscriptions and rules have in common: how they are found, made and changed by HTTP."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError

from store_uptime.db.statements import statement
from store_uptime.delivery import recipients
from store_uptime.errors import InvalidFieldError
from store_uptime.history.questions import Choice, QuestionError, check_kind, find_settlement, find_store_keys, reading
from store_uptime_web import airflow_client, cursors, problems, queries
from store_uptime_web.problems import Problem, invalid

LARGEST_ID = (1 << 63) - 1
LISTING = problems.documented(401, 403, 429, 503)
READING = problems.documented(401, 403, 404, 422, 429, 503)
CHANGING = problems.documented(401, 403, 404, 409, 413, 415, 422, 429, 503)
FIELDS = {"kind": "group_kind", "name": "group_name"}  # of a choice, as bodies call them


def rows(what: str, one_id: int | None = None) -> list[RowMapping]:
    """The rows of all templates, subscriptions or rules (`what`, one of them), or the one with an id."""
    with queries.engine().connect() as connection:
        return list(connection.execute(statement(f"delivery/{what}s/list"), {f"{what}_id": one_id}).mappings())


def row(what: str, one_id: int) -> RowMapping:
    """One of these rows; 404 if there is none with the id."""
    found = rows(what, one_id)
    if not found:
        raise Problem(404, f"There is no {what} {one_id}.")
    return found[0]


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


def given(body: BaseModel, nullable: Collection[str] = ()) -> dict[str, Any]:
    """The fields that a change has; 422 if one is null that cannot be."""
    fields = body.model_dump(exclude_unset=True)
    if null := [name for name, value in fields.items() if value is None and name not in nullable]:
        raise invalid(null[0], "may be left out, but not null")
    return fields


def meant(shown: Sequence[str], current: Sequence[str]) -> list[str]:
    """Recipients of a change: those that are there already may be written as answers show them, in their order."""
    known: dict[str, list[str]] = {}
    for one in current:
        known.setdefault(recipients.shown(one), []).append(one)
    return [known[one].pop(0) if known.get(one) else one for one in shown]


def sending(user: Any) -> dict[str, Any]:
    """Whether anything is sent at all, who may get something, and whether the caller may change that."""
    with queries.engine().connect() as connection:
        counts = {one.state: one.messages for one in connection.execute(statement("delivery/outbox/count"))}
        state = connection.execute(statement("delivery/outbox/state")).one()
    settings = queries.settings()
    return {
        "outbox": {
            "is_on": settings.notifications,
            "is_paused": state.is_paused,
            "reason": state.reason,
            **{name: counts.get(name, 0) for name in ("queued", "sent", "given_up")},
        },
        "allowed": [recipients.shown(entry) for entry in settings.allow_recipients],
        "may": {"change": airflow_client.is_authorized("POST", user)},
    }


def log(
    name: str, line_id: str, limit: int, cursor: str | None, binds: dict[str, Any]
) -> tuple[list[list[RowMapping]], str | None]:
    """A page of a log, newest first, and the cursor of the next one: of each line its rows, one for each message.

    `name` is the statement, and `line_id` the column that cursors hold.
    """
    before = LARGEST_ID if cursor is None else cursors.decode(cursor, int)[0]
    with queries.engine().connect() as connection:
        found = connection.execute(statement(name), binds | {"before": before}).mappings().all()
    lines = [list(part) for _, part in groupby(found, key=itemgetter(line_id))]
    following = cursors.encode(lines[limit - 1][0][line_id]) if len(lines) > limit else None
    return lines[:limit], following


def message_json(one: RowMapping) -> dict[str, Any]:
    """What became of the message to one recipient, without what may be a secret."""
    return dict(one) | {"recipient": recipients.shown(one["recipient"]), "state": one["message_state"]}


def check_scope(by: str, choice: Choice) -> None:
    """Raises `QuestionError` for what nobody has, once days are settled."""
    with reading(queries.engine()) as connection:
        if find_settlement(connection) is not None:
            check_kind(connection, "by", by)
            find_store_keys(connection, choice)


def scope_fields(found: RowMapping) -> dict[str, str | None]:
    """The scope in a row as fields of an answer."""
    kind, name = found["scope_kind"], found["scope_name"]
    is_group = kind not in ("store", "all")
    return {
        "by": found["grouped_by"],
        "store_id": name if kind == "store" else None,
        "group_kind": kind if is_group else None,
        "group_name": name if is_group else None,
    }


def created(request: Request, path: str, answer: BaseModel) -> Response:
    """201 with what was made, and where it is: `path` below v1."""
    location = f"{airflow_client.root_path(request)}{airflow_client.PREFIX}/v1/{path}"
    return JSONResponse(answer.model_dump(mode="json"), status_code=201, headers={"Location": location})
