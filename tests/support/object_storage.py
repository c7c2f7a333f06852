"""A local S3 server that can be stopped and started again with the same objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from support.stack import free_port

ACCESS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}


class Silent(WSGIRequestHandler):
    """Writes no line for each request."""

    def log(self, *_: object, **__: object) -> None:
        pass


class ObjectStorage:
    """The objects are in the memory of this process, so they survive a stop. `requests` counts what was asked for: the
    method with the key of an object, or with the bucket if it was asked for its list.
    """

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self._answer = DomainDispatcherApplication(create_backend_app)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.environment = ACCESS | {"AWS_ENDPOINT_URL": self.url}
        self.start()

    def start(self) -> None:
        """Starts it, for the first time or again."""
        self._server = make_server("127.0.0.1", self._port, self._count, threaded=True, request_handler=Silent)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _count(self, environment: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        bucket, _, key = environment["PATH_INFO"].removeprefix("/").partition("/")
        self.requests[f"{environment['REQUEST_METHOD']} {key or bucket}"] += 1
        return self._answer(environment, start_response)

    def stop(self) -> None:
        """Stops it: connections are refused."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stops it until the block ends."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def new_bucket(self, name: str) -> Any:
        """A new empty bucket of boto3."""
        key, secret, region = ACCESS.values()
        storage = boto3.resource(
            "s3", endpoint_url=self.url, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region
        )
        return storage.create_bucket(Bucket=name)
