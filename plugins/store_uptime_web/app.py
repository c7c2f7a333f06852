"""The app that the plugin mounts under /store-uptime."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from store_uptime_web import problems
from store_uptime_web.api import (
    anomalies,
    availability,
    figures,
    forecast,
    groups,
    kinds,
    now,
    outages,
    overview,
    pages,
    quality,
    reports,
    rules,
    service,
    stores,
    subscriptions,
    targets,
    templates,
)
from store_uptime_web.middleware.body_limit import BodyLimit
from store_uptime_web.middleware.correlation import Correlated
from store_uptime_web.middleware.headers import SafeHeaders
from store_uptime_web.schemas.delivery import (
    RuleChange,
    RuleRequest,
    SubscriptionChange,
    SubscriptionRequest,
    TemplateChange,
    TemplateRequest,
)
from store_uptime_web.schemas.problems import ProblemDetails
from store_uptime_web.schemas.reports import ReportRequest

VERSION_PREFIX = "/v1"

# What routes do not name as their parameters.
MODELS = (
    ReportRequest,
    TemplateRequest,
    TemplateChange,
    SubscriptionRequest,
    SubscriptionChange,
    RuleRequest,
    RuleChange,
    ProblemDetails,
)

DESCRIPTION = """How long every store was up and down in its business hours: reports on demand.

The API is version 1, under `/v1`. What was there before versions has its path without `/v1` too, which stays.

Every operation but `/health` needs an Airflow identity: a bearer token of `POST /auth/token`, or the session of
Airflow's pages. Its role must be allowed to read the DAG's runs, or to edit them to start and cancel reports. Errors
are [problem details](https://www.rfc-editor.org/rfc/rfc9457)."""


IDENTITIES = {
    "token": {"type": "http", "scheme": "bearer", "description": "The access_token of POST /auth/token."},
    "session": {"type": "apiKey", "in": "cookie", "name": "_token", "description": "Set by signing in to Airflow."},
}


class Api(FastAPI):
    """An app whose OpenAPI has our own errors instead of FastAPI's."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schema = get_openapi(
                title=self.title, version=self.version, description=self.description, routes=self.routes
            )
            components = schema["components"]["schemas"]
            for model in MODELS:
                own = model.model_json_schema(ref_template="#/components/schemas/{model}")
                components |= own.pop("$defs", {}) | {model.__name__: own}
            for name in ("HTTPValidationError", "ValidationError"):
                components.pop(name, None)
            schema["components"]["securitySchemes"] = IDENTITIES
            for operation in (one for path in schema["paths"].values() for one in path.values()):
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]  # FastAPI's default: these take no value that can be invalid.
                if "security" in operation:
                    operation["security"] = [{name: []} for name in IDENTITIES]
            self.openapi_schema = schema
        return self.openapi_schema


def create_app() -> FastAPI:
    """The app without its middleware."""
    app = Api(
        title="Store Uptime",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    problems.install(app)
    for resource in (reports, figures, quality, service):
        app.include_router(resource.router, prefix=VERSION_PREFIX)
        app.include_router(resource.router)  # as it was before there were versions
    for resource in (overview, availability, outages, now, stores, targets, groups, kinds, anomalies, forecast):
        app.include_router(resource.router, prefix=VERSION_PREFIX)
    for resource in (templates, subscriptions, rules):
        app.include_router(resource.router, prefix=VERSION_PREFIX)
    app.include_router(service.description)
    app.include_router(pages.router)
    return app


def create_mount() -> ASGIApp:
    """The app as Airflow mounts it. Middleware is around its error handling, so that a 500 has the headers too."""
    return SafeHeaders(BodyLimit(Correlated(create_app())))
