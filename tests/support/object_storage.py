"""S3 on this machine, which can go away and come back with all that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from support.stack import free_port

ACCESS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}


class ObjectStorage:
    """Its objects are this process's, so they outlast the server."""

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.environment = ACCESS | {"AWS_ENDPOINT_URL": self.url}
        self.start()

    def start(self) -> None:
        """Starts it, for the first time or again."""
        self._server = ThreadedMotoServer("127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Nobody listens on its port any more."""
        self._server.stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        """It is stopped for as long as the block lasts."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def new_bucket(self, name: str) -> Any:
        """An empty bucket, as boto3 has it."""
        key, secret, region = ACCESS.values()
        storage = boto3.resource(
            "s3", endpoint_url=self.url, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region
        )
        return storage.create_bucket(Bucket=name)
