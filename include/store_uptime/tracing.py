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

if TYPE_CHECKING:
    pass

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
