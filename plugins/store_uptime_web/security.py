"""Who may do what, and how often.

Nothing that Airflow mounts is protected by default: every route takes one of `READ`, `TRIGGER`, `CANCEL` (only
/health takes `PUBLIC`), and a test walks all routes to check that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from store_uptime.errors import printable, quoted
from store_uptime_web import airflow_client
from store_uptime_web.airflow_client import CurrentUser, Method, User
from store_uptime_web.problems import Problem

# Per user and API server process.
READ_RATE = parse("12000 per minute")
TRIGGER_RATE = parse("120 per minute")
PUBLIC_RATE = parse("600 per minute")

DATA_DOCS_SECONDS = 3600
PORTS = {"http": 80, "https": 443}

log = structlog.get_logger(__name__)

limiter = SlidingWindowCounterRateLimiter(MemoryStorage())


def limit(rate: RateLimitItem, caller: str) -> None:
    """Counts a request of `caller`; 429 when `rate` is used up."""
    if limiter.hit(rate, caller):
        return
    seconds = max(1, math.ceil(limiter.get_window_stats(rate, caller).reset_time - time.time()))
    raise Problem(429, f"More than {rate}; try again in {seconds} s.", headers={"Retry-After": str(seconds)})


def refuse_foreign_pages(request: Request, user: User) -> None:
    """403 for a change with the user's cookie, unless the browser says that a page of this server requests it.

    Browsers send `Origin` with every change, some only `Referer`; over plain http they leave out `Sec-Fetch-Site`.
    """
    if "authorization" in request.headers:  # no page can make a browser send one to another origin
        return
    source = request.headers.get("origin") or request.headers.get("referer") or ""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site in ("same-origin", "none") and is_own_origin(request, source):
        return
    log.warning(
        "refused a change that a page of another origin requested",
        method=request.method,
        path=printable(request.scope["path"]),
        source=quoted(source),
        site=quoted(site),
        host=quoted(request.headers.get("host")),
        user=user.get_name(),
    )
    raise Problem(403, "A page of another origin must not do this with your session; send a bearer token.")


def is_own_origin(request: Request, source: str) -> bool:
    """Whether the URL `source` is at the address of this request, or at the public one (Airflow's base_url)."""
    origin = origin_of(source)
    if origin is None:
        return False
    # What a proxy in front of us speaks is not known here, so the scheme is the page's own.
    requested = f"{origin[0]}://{request.headers.get('host', '')}"
    return origin in (origin_of(airflow_client.base_url()), origin_of(requested))


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a URL; None if it has none, as `null` of a sandboxed page."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        return None
    return (scheme, host, port or PORTS[scheme]) if scheme in PORTS and host else None


def guard(method: Method, rate: RateLimitItem) -> Callable[..., Awaitable[User]]:
    """A dependency that returns the user if they may do `method` to the DAG's runs; 401, 403 or 429 if not."""
    check_access = airflow_client.access_check(method)

    async def checked_user(request: Request, user: CurrentUser) -> User:
        await run_in_threadpool(check_access, request, user)
        if method != "GET":
            refuse_foreign_pages(request, user)
        limit(rate, f"{method} {user.get_id()}")
        return user

    return checked_user


async def limit_anonymous(request: Request) -> None:
    """Limits the rate of requests without identity by address; 429."""
    limit(PUBLIC_RATE, request.client.host if request.client else "")


may_read = guard("GET", READ_RATE)
may_trigger = guard("POST", TRIGGER_RATE)
may_cancel = guard("PUT", TRIGGER_RATE)

READ, TRIGGER, CANCEL, PUBLIC = Depends(may_read), Depends(may_trigger), Depends(may_cancel), Depends(limit_anonymous)
Reader = Annotated[User, READ]
Triggerer = Annotated[User, TRIGGER]
Canceler = Annotated[User, CANCEL]


def data_docs_token(user: User) -> str:
    """A token that opens the Data Docs for an hour, for a user who may read them."""
    return data_docs_signer().dumps(user.get_id())


def check_data_docs_token(token: str) -> None:
    """401 unless `token` comes from `data_docs_token` and has not expired."""
    try:
        reader = data_docs_signer().loads(token, max_age=DATA_DOCS_SECONDS)
    except BadSignature as error:
        raise Problem(
            401, "The link to the Data Docs has expired; open them again.", headers={"WWW-Authenticate": "Bearer"}
        ) from error
    limit(READ_RATE, f"GET {reader}")


def data_docs_signer() -> URLSafeTimedSerializer:
    """Signs with the API server's key."""
    return URLSafeTimedSerializer(airflow_client.signing_key(), salt="store-uptime data docs")
