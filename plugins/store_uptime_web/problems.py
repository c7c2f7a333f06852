"""Errors as responses: one shape (RFC 9457, application/problem+json) for every status."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from store_uptime.errors import NoAnswerError
from store_uptime_web.schemas.problems import FieldError, ProblemDetails
from store_uptime_web.templating import render

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}  # as RFC 9110 has them; Python 3.11 does not


class Problem(Exception):  # noqa: N818 (the word of RFC 9457)
    """An error that is answered with `status`, and with `detail` for a person."""

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
    body = ProblemDetails(
        title=PHRASES.get(problem.status) or HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        instance=request.scope["path"],  # its URL cannot be read with some hosts
        errors=problem.errors,
    )
    if "/pages/" in body.instance and "text/html" in request.headers.get("accept", ""):
        # The caller is a person in a browser, most often one who has to sign in again.
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
    404: "There is nothing with that id.",
    409: "The current state does not allow it.",
    410: "The report was deleted.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "A field of the request is invalid; `errors` names it.",
    429: "Too many requests; try again after Retry-After seconds.",
    502: "Airflow returned an unexpected response.",
    503: "The database, a folder or the DAG is not ready.",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of the errors `statuses`."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    return {
        status: {"description": MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def login_path(request: Request) -> str:
    """The path of Airflow's sign-in page."""
    return request.scope.get("app_root_path", "") + "/api/v2/auth/login"


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Pydantic's errors, each under the name of the field in the request."""
    return [
        FieldError(
            field=".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path", "header"))
            or "body",
            message=error["msg"].removeprefix("Value error, "),
        )
        for error in errors
    ]


def from_validation(errors: Sequence[Any]) -> Problem:
    """422 that names each invalid field."""
    fields = field_errors(errors)
    return Problem(422, "; ".join(f"{error.field}: {error.message}" for error in fields), errors=fields)


def install(app: FastAPI) -> None:
    """Adds handlers for all exceptions to `app`: a mounted app inherits none."""

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
        # Starlette raises the error again after this response, so the server logs it with its traceback.
        return answer(request, Problem(500, "Internal error; see the log of the API server."))
