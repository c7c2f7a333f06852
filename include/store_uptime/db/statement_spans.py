"""An OpenTelemetry span for each SQL statement, named after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, event

from store_uptime.db.statements import name_of
from store_uptime.tracing import SCOPE

if TYPE_CHECKING:
    from opentelemetry.trace import Span


def trace_statements(engine: Engine) -> None:
    """Records each statement on `engine` as a span, named as in `sql/`.

    Its parent is the current span; on a thread without one, the span that is current when this function is called.
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
