"""An HTTP server that receives alerts at /hook, and OpenTelemetry's spans and metrics at /v1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import UUID

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Receiver(ThreadingHTTPServer):
    """Stores all that it receives; answers alerts with `status`."""

    daemon_threads = True
    # A client retries a connection beyond the queue after one, then three seconds: longer than an exporter waits.
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.status = 200
        self.messages: list[dict[str, Any]] = []
        self.spans: list[Span] = []
        self.metrics: set[str] = set()

    def spans_of(self, report_id: UUID) -> list[Span]:
        """The report's trace."""
        return [span for span in self.spans if span.trace_id == report_id.bytes]

    def receive(self, path: str, body: bytes) -> int:
        if path == "/v1/traces":
            sent = ExportTraceServiceRequest.FromString(body)
            self.spans += [one for group in sent.resource_spans for scope in group.scope_spans for one in scope.spans]
        elif path == "/v1/metrics":
            groups = ExportMetricsServiceRequest.FromString(body).resource_metrics
            self.metrics |= {one.name for group in groups for scope in group.scope_metrics for one in scope.metrics}
        else:
            self.messages.append(json.loads(body))
            return self.status
        return 200


class Request(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.receive(self.path.partition("?")[0], body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that runs until the block ends."""
    with Receiver() as receiver:
        thread = Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
