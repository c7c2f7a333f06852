"""Middleware around Airflow's whole server."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from store_uptime.errors import printable
from store_uptime_web.airflow_client import PREFIX, ROOT_APP

# It opens the Data Docs to whoever has it.
DATA_DOCS_TOKEN = re.compile(r"(/data_docs_view/)[^/]+")
TRIGGER_ALIAS, GET_ALIAS = "/trigger_report", "/get_report/"


class RootMiddleware:
    """Answers `/trigger_report` and `/get_report/…` at the root too, and keeps Airflow's app for calls in process.

    In the path that Airflow logs, it hides tokens of the Data Docs and escapes control characters.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[ROOT_APP] = scope["app"]
        base = scope.get("root_path", "")
        path = scope["path"].removeprefix(base)
        if path == TRIGGER_ALIAS or path.startswith(GET_ALIAS):
            path = PREFIX + path
        if path.startswith(PREFIX + "/"):
            # A mount's pattern ends at a line break: Airflow would answer. Only store ids have one: by query.
            scope["path"] = base + path.replace("\n", "\N{REPLACEMENT CHARACTER}")
            scope["raw_path"] = quote(scope["path"]).encode()
        try:
            await self.app(scope, receive, send)
        finally:
            # Airflow's access log, which is around us, writes the path when the response has been sent.
            scope["path"] = printable(DATA_DOCS_TOKEN.sub(r"\1***", scope["path"]))
