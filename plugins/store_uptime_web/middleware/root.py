"""Middleware around Airflow's whole server."""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from store_uptime_web.airflow_client import PREFIX, ROOT_APP

TRIGGER_ALIAS, GET_ALIAS = "/trigger_report", "/get_report/"


class RootMiddleware:
    """Keeps Airflow's app for calls in process, and answers `/trigger_report` and `/get_report/…` at the root too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[ROOT_APP] = scope["app"]
            base = scope.get("root_path", "")
            path = scope["path"].removeprefix(base)
            if path == TRIGGER_ALIAS or path.startswith(GET_ALIAS):
                path = PREFIX + path
            if path.startswith(PREFIX + "/"):
                # A mount's pattern ends at a line break: Airflow would answer. Only store ids have one: by query.
                scope["path"] = base + path.replace("\n", "\N{REPLACEMENT CHARACTER}")
                scope["raw_path"] = quote(scope["path"]).encode()
        await self.app(scope, receive, send)
