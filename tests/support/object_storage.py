"""A local S3 server that can be stopped and started again with the same objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from support.stack import free_port

ACCESS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}


class ObjectStorage:
    """The objects are in the memory of this process, so they survive a stop."""

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
        """Stops it: connections are refused."""
        self._server.stop()

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
