"""Spans of a report, for OpenTelemetry where Airflow has it on (`[traces] otel_on`); elsewhere nothing happens.

The id of a report's trace is the report's own id without its dashes: whoever knows the report finds its trace, and the
API, the tasks on whatever machine and their SQL come together without a word between them. Airflow's own spans of a run
have a trace of their own, which ours link to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, Engine, event

from store_uptime.db.statements import name_of

if TYPE_CHECKING:
    from opentelemetry.trace import Span

SCOPE = "store_uptime"
LOWER_64_BITS = (1 << 64) - 1


def is_on() -> bool:
    """Whether spans go anywhere. Asks the environment, so that nothing is loaded to find out."""
    return os.environ.get("AIRFLOW__TRACES__OTEL_ON", "").strip().lower() in {"true", "t", "1"}


@contextmanager
def report_span(name: str, report_id: UUID, **attributes: Any) -> Iterator[None]:
    """A span in the trace of a report, linked to the span it happens in."""
    if not is_on():
        yield
        return
    from opentelemetry import trace

    # Nobody makes the span at the root: a report has no single moment at which all its parts could hear of one.
    root = trace.SpanContext(
        trace_id=report_id.int,
        span_id=report_id.int & LOWER_64_BITS,
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
    around = trace.get_current_span().get_span_context()
    with trace.get_tracer(SCOPE).start_as_current_span(
        name,
        context=trace.set_span_in_context(trace.NonRecordingSpan(root)),
        links=[trace.Link(around)] if around.is_valid else [],
        attributes={"store_uptime.report_id": str(report_id), **attributes},
    ):
        yield


def follow_statements(engine: Engine) -> None:
    """From now on a statement on `engine` is a span, named as its file in `sql/`.

    Its parent is the span it happens in; on a thread that has none, that in which this is called.
    """
    from opentelemetry import trace
    from opentelemetry.context import get_current

    tracer, origin = trace.get_tracer(SCOPE), get_current()

    @event.listens_for(engine, "before_cursor_execute")
    def begin(_c: Connection, _cursor: Any, text: str, _binds: Any, execution: Any, is_many: bool) -> None:
        name = name_of(execution.invoked_statement)
        execution.statement_span = tracer.start_span(
            name or text.split(maxsplit=1)[0].lower(),
            context=None if trace.get_current_span().get_span_context().is_valid else origin,
            kind=trace.SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "db.query.summary": name or "",
                "store_uptime.is_many": is_many,
            },
        )

    @event.listens_for(engine, "after_cursor_execute")
    def end(_c: Connection, cursor: Any, _text: str, _binds: Any, execution: Any, _is_many: bool) -> None:
        span: Span = execution.statement_span
        span.set_attribute("db.response.returned_rows", cursor.rowcount)
        span.end()

    @event.listens_for(engine, "handle_error")
    def fail(context: Any) -> None:
        span: Span | None = getattr(context.execution_context, "statement_span", None)
        if span is not None:
            span.set_status(trace.StatusCode.ERROR, type(context.original_exception).__name__)
            span.end()
