"""Who may do what, how often, and what browsers are told.

Nothing that Airflow mounts is protected by default: every route takes one of `READ`, `TRIGGER`, `CANCEL` (only
/health takes `PUBLIC`), and a test walks all routes to hold that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.tokens import get_signing_key
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.models.dag import DagModel
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from store_uptime.contract import REPORT_DAG_ID
from store_uptime_web.problems import Problem, answer

LARGEST_BODY_BYTES = 1 << 20

# Per user and API server process.
READ_RATE = parse("12000 per minute")
TRIGGER_RATE = parse("120 per minute")
PUBLIC_RATE = parse("600 per minute")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}

# Great Expectations writes pages with scripts in them, around texts from the files. Sandboxed without allow-same-origin
# they have no origin, so no session: they can use nothing but the files beside them, which a token in the path opens.
DATA_DOCS_HEADERS = {
    "Content-Security-Policy": (
        "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'self' 'unsafe-inline'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}
DATA_DOCS_SECONDS = 3600

limiter = SlidingWindowCounterRateLimiter(MemoryStorage())


def limit(rate: RateLimitItem, caller: str) -> None:
    """Counts a request of `caller`; 429 when `rate` is used up."""
    if limiter.hit(rate, caller):
        return
    seconds = max(1, math.ceil(limiter.get_window_stats(rate, caller).reset_time - time.time()))
    raise Problem(429, f"More than {rate}; try again in {seconds} s.", headers={"Retry-After": str(seconds)})


def refuse_foreign_pages(request: Request) -> None:
    """403 for a change that a page of another origin asks for with the user's cookie (same site, other port)."""
    if "authorization" not in request.headers and request.headers.get("sec-fetch-site", "same-origin") not in (
        "same-origin",
        "none",
    ):
        raise Problem(403, "A page of another origin may not do this with your session; send a bearer token.")


def guard(method: str, rate: RateLimitItem) -> Callable[..., Awaitable[BaseUser]]:
    """A dependency that lets through who may do `method` on the runs of the DAG, as Airflow has it."""
    check_access = requires_access_dag(method, DagAccessEntity.RUN, param_dag_id=REPORT_DAG_ID)  # type: ignore[arg-type]

    async def let_through(request: Request, user: GetUserDep) -> BaseUser:
        await run_in_threadpool(check_access, request, user)
        if method != "GET":
            refuse_foreign_pages(request)
        limit(rate, f"{method} {user.get_id()}")
        return user

    return let_through


def is_allowed(method: str, user: BaseUser) -> bool:
    """Whether `user` may do `method` on the runs of the DAG."""
    return get_auth_manager().is_authorized_dag(
        method=method,  # type: ignore[arg-type]
        access_entity=DagAccessEntity.RUN,
        details=DagDetails(id=REPORT_DAG_ID, team_name=DagModel.get_team_name(REPORT_DAG_ID)),
        user=user,
    )


async def count_visitor(request: Request) -> None:
    """Anyone, but not too often."""
    limit(PUBLIC_RATE, request.client.host if request.client else "")


may_read = guard("GET", READ_RATE)
may_trigger = guard("POST", TRIGGER_RATE)
may_cancel = guard("PUT", TRIGGER_RATE)

READ, TRIGGER, CANCEL, PUBLIC = Depends(may_read), Depends(may_trigger), Depends(may_cancel), Depends(count_visitor)
Reader = Annotated[BaseUser, READ]
Triggerer = Annotated[BaseUser, TRIGGER]
Canceler = Annotated[BaseUser, CANCEL]


def data_docs_token(user: BaseUser) -> str:
    """What opens the Data Docs for an hour, for someone who may read them."""
    return data_docs_signer().dumps(user.get_id())


def may_see_data_docs(token: str) -> None:
    """401 unless `token` is one of `data_docs_token`."""
    try:
        reader = data_docs_signer().loads(token, max_age=DATA_DOCS_SECONDS)
    except BadSignature as error:
        raise Problem(
            401, "The link to the Data Docs has expired; open them anew.", headers={"WWW-Authenticate": "Bearer"}
        ) from error
    limit(READ_RATE, f"GET {reader}")


def data_docs_signer() -> URLSafeTimedSerializer:
    """Signs with the key that the API server signs with."""
    return URLSafeTimedSerializer(get_signing_key("api", "secret_key"), salt="store-uptime data docs")


class SafeHeaders:
    """Sends `HEADERS` with every response that does not say otherwise, and refuses large bodies."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > LARGEST_BODY_BYTES:
            await answer(Request(scope), too_large())(scope, receive, send_with_headers)
            return
        received = 0

        async def receive_little() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY_BYTES:
                raise too_large()
            return message

        await self.app(scope, receive_little, send_with_headers)


def too_large() -> Problem:
    """413."""
    return Problem(413, f"The body is larger than {LARGEST_BODY_BYTES} bytes.")
