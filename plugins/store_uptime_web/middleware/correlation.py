"""Correlates a request with its report: the report's id on our log lines, and a span if Airflow exports traces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, get_contextvars, unbind_contextvars

from store_uptime import tracing
from store_uptime.errors import printable

if TYPE_CHECKING:
    from opentelemetry.trace import Span

log = structlog.get_logger(__name__)

REPORT_IN_PATH = re.compile(r"/(?:get_report|reports|quality)/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")


class Correlated:
    """Writes a log line for each request about a report, and makes a span for each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        unbind_contextvars("report_id")
        if named := REPORT_IN_PATH.search(scope["path"]):
            bind_report(UUID(named[1]))
        with request_span(scope) as span:
            try:
                await self.app(scope, receive, send_and_note_status)
            finally:
                if span is not None:
                    describe(span, scope, status)
                if "report_id" in get_contextvars():
                    log.info(
                        "report request", method=scope["method"], path=printable(scope["path"]), status_code=status
                    )


def bind_report(report_id: UUID) -> None:
    """Puts the report's id on all further log lines of this request."""
    bind_contextvars(report_id=str(report_id))


@contextmanager
def request_span(scope: Scope) -> Iterator[Span | None]:
    """The span of a request, a child of the caller's span if there is one (the header traceparent)."""
    if not tracing.is_on():
        yield None
        return
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    with trace.get_tracer(tracing.SCOPE).start_as_current_span(
        scope["method"],
        context=TraceContextTextMapPropagator().extract(headers),
        kind=trace.SpanKind.SERVER,
        attributes={"http.request.method": scope["method"], "url.path": scope["path"]},
    ) as span:
        yield span


def describe(span: Span, scope: Scope, status: int) -> None:
    """Sets what is known only after the response: route, status and report."""
    if route := scope.get("route"):
        span.update_name(f"{scope['method']} {route.path}")
        span.set_attribute("http.route", route.path)
    span.set_attribute("http.response.status_code", status)
    if report_id := get_contextvars().get("report_id"):
        span.set_attribute("store_uptime.report_id", report_id)
