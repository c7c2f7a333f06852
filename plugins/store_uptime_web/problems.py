"""Errors as the caller sees them: one shape (RFC 9457, application/problem+json) for every status."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from store_uptime.errors import NoAnswerError
from store_uptime_web.templating import render

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}  # as RFC 9110 has them; Python 3.11 does not


class FieldError(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(description="Its name; entries of a list as name.position.", examples=["as_of"])
    message: str


class ProblemBody(BaseModel):
    """Every error answer."""

    type: str = Field(default="about:blank", description="No problem here needs more words than its status.")
    title: str = Field(description="The status in words.", examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(description="What went wrong, for a person.")
    instance: str = Field(description="The path that was asked for.")
    errors: list[FieldError] | None = Field(default=None, description="With status 422: the fields at fault.")


class Problem(Exception):  # noqa: N818 (the word of RFC 9457)
    """An answer other than the one asked for."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: list[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers
        super().__init__(detail)


def invalid(field: str, message: str) -> Problem:
    """422 for one field."""
    return Problem(422, f"{field}: {message}", errors=[FieldError(field=field, message=message)])


def answer(request: Request, problem: Problem) -> Response:
    """`problem` as a response."""
    body = ProblemBody(
        title=PHRASES.get(problem.status) or HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        instance=request.url.path,
        errors=problem.errors,
    )
    if "/pages/" in body.instance and "text/html" in request.headers.get("accept", ""):
        # A person is looking: most often one who has to sign in again.
        page = render("problem.html", problem=body, login=login_path(request))
        return HTMLResponse(page, status_code=problem.status, headers=dict(problem.headers or {}))
    return JSONResponse(
        body.model_dump(exclude_none=True, mode="json"),
        status_code=problem.status,
        headers=dict(problem.headers or {}),
        media_type=MEDIA_TYPE,
    )


MEANINGS = {
    401: "No identity, or one that has expired.",
    403: "An identity without the permission the DAG needs.",
    404: "There is nothing of that id.",
    409: "Not in the state it is in now.",
    410: "The report was deleted.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A field of the request cannot be used; `errors` names it.",
    429: "Too many requests; Retry-After says when to go on.",
    502: "Airflow gave an answer that was not expected.",
    503: "The database, a folder or the DAG is not ready.",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of the errors `statuses`."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        status: {"description": MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def login_path(request: Request) -> str:
    """Where Airflow signs people in, and sends them back from to its start page."""
    return request.scope.get("app_root_path", "") + "/api/v2/auth/login"


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Pydantic's findings, each under the name the caller used."""
    return [
        FieldError(
            field=".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path", "header"))
            or "body",
            message=error["msg"].removeprefix("Value error, "),
        )
        for error in errors
    ]


def from_validation(errors: Sequence[Any]) -> Problem:
    """422 that names each field at fault."""
    fields = field_errors(errors)
    return Problem(422, "; ".join(f"{error.field}: {error.message}" for error in fields), errors=fields)


def install(app: FastAPI) -> None:
    """Gives `app` handlers for everything that can be raised in it: a mounted app inherits none."""

    @app.exception_handler(Problem)
    async def on_problem(request: Request, problem: Problem) -> Response:
        return answer(request, problem)

    @app.exception_handler(HTTPException)
    async def on_http_exception(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 401:
            headers.setdefault("WWW-Authenticate", "Bearer")
        return answer(request, Problem(error.status_code, str(error.detail), headers=headers))

    @app.exception_handler(RequestValidationError)
    async def on_validation_error(request: Request, error: RequestValidationError) -> Response:
        return answer(request, from_validation(list(error.errors())))

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeoutError)
    async def on_database_error(request: Request, error: Exception) -> Response:
        log.error("The database did not answer", exc_info=error)
        return answer(request, Problem(503, "The database does not answer; try again.", headers={"Retry-After": "5"}))

    @app.exception_handler(NoAnswerError)
    async def on_no_answer(request: Request, error: NoAnswerError) -> Response:
        log.error("A folder did not answer", exc_info=error)
        return answer(request, Problem(503, f"{error.place} does not answer; try again.", headers={"Retry-After": "5"}))

    @app.exception_handler(Exception)
    async def on_error(request: Request, error: Exception) -> Response:
        # Starlette raises the error again after this answer, so the server logs it with its trace.
        return answer(request, Problem(500, "Something went wrong here; the server's log says what."))
