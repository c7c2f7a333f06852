"""OpenTelemetry spans of a report, if Airflow's traces are on (`[traces] otel_on`); else these functions do nothing.

The id of a report's trace is the report's id without dashes. So the report's id leads to its trace, and the spans of
the API, of all tasks and of their SQL are in one trace without any context to pass on. Airflow's own spans of a DAG run
are in another trace, which ours link to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    pass

SCOPE = "store_uptime"
LOWER_64_BITS = (1 << 64) - 1


def is_on() -> bool:
    """Whether traces are on. Reads the environment, to import nothing if they are off."""
    return os.environ.get("AIRFLOW__TRACES__OTEL_ON", "").strip().lower() in {"true", "t", "1"}


@contextmanager
def report_span(name: str, report_id: UUID, **attributes: Any) -> Iterator[None]:
    """A span in the trace of a report, linked to the current span."""
    if not is_on():
        yield
        return
    from opentelemetry import trace

    # The root span does not exist: the parts of a report share no process that could create it.
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
