"""The limit on the size of request bodies."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from store_uptime_web.problems import Problem, answer

MAX_BODY_BYTES = 1 << 20


class BodyLimit:
    """Answers 413 to a body larger than `MAX_BODY_BYTES`, as soon as its size is declared or received."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
            await answer(Request(scope), too_large())(scope, receive, send)
            return
        received = 0

        async def receive_up_to_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise too_large()
            return message

        await self.app(scope, receive_up_to_limit, send)


def too_large() -> Problem:
    """413."""
    return Problem(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
