"""The API's own description: complete, and true of every answer (Schemathesis asks everything in every way)."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import cycle
from uuid import UUID

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from plugin.stack import Stack
from store_uptime.settings import PROJECT

CHECKS = SchemathesisConfig.from_dict(
    {
        # What no schema can say: a date that is none, a store that no file names, an id that was never issued.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422", "503"]}
        },
        "generation": {"allow-x00": True},
    }
)
PATIENCE = 120  # seconds for an answer: a busy machine must not fail an example
EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
VERSIONED = {
    "/trigger_report",
    "/get_report/{report_id}",
    "/health",
    "/metrics",
    "/reports",
    "/reports/{report_id}",
    "/reports/{report_id}/cancel",
    "/reports/{report_id}/download",
    "/reports/{report_id}/events",
    "/reports/{report_id}/store",
    "/reports/{report_id}/stores",
    "/reports/{report_id}/stores/{store_id}",
    "/reports/{report_id}/summary",
    "/quality",
    "/quality/{report_id}",
    "/quality/{report_id}/quarantine",
    "/quality/{report_id}/quarantine/download",
}
# What there was before versions has its path without one too.
IN_THE_DESCRIPTION = (
    VERSIONED
    | {f"/v1{path}" for path in VERSIONED}
    | {
        "/v1/anomalies",
        "/v1/availability",
        "/v1/forecast",
        "/v1/forecast/stores",
        "/v1/outages",
        "/v1/outages/start_hours",
        "/v1/kinds",
        "/v1/overview",
        "/v1/overview/verdicts",
        "/v1/now",
        "/v1/now/groups",
        "/v1/now/events",
        "/v1/stores/{store_id}/explain",
        "/v1/targets",
        "/v1/groups",
        "/v1/groups/members",
        "/v1/stores/{store_id}/days",
        "/v1/stores/{store_id}/timeline",
        "/v1/stores/{store_id}/hours",
        "/v1/templates",
        "/v1/templates/{template_id}",
        "/v1/subscriptions",
        "/v1/subscriptions/{subscription_id}",
        "/v1/subscriptions/{subscription_id}/test",
        "/v1/subscriptions/{subscription_id}/preview",
        "/v1/subscriptions/{subscription_id}/deliveries",
        "/v1/rules",
        "/v1/rules/{rule_id}",
        "/v1/rules/{rule_id}/notices",
    }
)

# Public names: a client's code is generated from them.
SCHEMAS = {
    "AnomaliesPage",
    "Anomaly",
    "Availability",
    "AvailabilityPage",
    "CanceledReport",
    "CsvFile",
    "DateBurn",
    "DatesBefore",
    "Delivery",
    "DeliveryMessage",
    "DeliveryPage",
    "DeliveryPermissions",
    "ExpectationResult",
    "Explanation",
    "FieldError",
    "FigureWarning",
    "FileReference",
    "GroupDowntime",
    "GroupFigures",
    "GroupKind",
    "GroupKinds",
    "GroupName",
    "GroupsNow",
    "GroupsPage",
    "HeldBack",
    "HistogramBin",
    "HourOfWeek",
    "LastDelivery",
    "ListPermissions",
    "MembersPage",
    "Notice",
    "NoticePage",
    "NowPage",
    "OffsetOnDates",
    "Opening",
    "OpeningRow",
    "Outage",
    "OutageStartHour",
    "OutageStartHours",
    "OutagesPage",
    "Outbox",
    "Overview",
    "PeriodFigures",
    "PeriodTotals",
    "PlannedRow",
    "Poll",
    "PollHeld",
    "Preview",
    "PreviewedFile",
    "PreviousReport",
    "ProblemDetails",
    "QuarantinePage",
    "QuarantineReason",
    "QuarantinedRow",
    "Report",
    "ReportComparison",
    "ReportDetail",
    "ReportDetailLinks",
    "ReportLinks",
    "ReportPage",
    "ReportParameters",
    "ReportPermissions",
    "ReportRequest",
    "ReportState",
    "ReportStatus",
    "ReportSummary",
    "ReportTask",
    "Rule",
    "RuleChange",
    "RuleRequest",
    "Rules",
    "Snapshot",
    "Snapshots",
    "SourceFile",
    "StateCounts",
    "StoreDaysPage",
    "StoreDetail",
    "StoreFigures",
    "StoreHours",
    "StoreNow",
    "StorePage",
    "StoreTimeline",
    "StoresOfTimezone",
    "Subscription",
    "SubscriptionChange",
    "SubscriptionRequest",
    "Subscriptions",
    "ForecastHour",
    "ForecastPage",
    "ForecastTrack",
    "StoreForecast",
    "StoreForecasts",
    "Target",
    "TargetsPage",
    "Template",
    "TemplateChange",
    "TemplateRequest",
    "Templates",
    "TimeLately",
    "TimeRange",
    "TotalsByPeriod",
    "TriggeredReport",
    "UptimeDrop",
    "UtcOffsetRange",
    "Validation",
    "ValidationCounts",
    "ValidationDetail",
    "ValidationLinks",
    "ValidationPage",
    "VerdictCounts",
    "Verdicts",
    "VerdictsByMonth",
}
SORTS = {
    "store_id",
    *(
        f"{measure}_last_{period}"
        for measure in ("uptime_percent", "open", "uptime", "downtime", "unknown")
        for period in ("hour", "day", "week")
    ),
}


@pytest.fixture(scope="module")
def described(stack: Stack) -> dict:
    with stack.client("viewer") as viewer:
        return viewer.get("openapi.json").json()


def test_every_operation_is_described(described: dict) -> None:
    assert set(described["paths"]) == IN_THE_DESCRIPTION
    assert described["servers"] == [{"url": "/store-uptime"}]
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert bool(operation.get("security")) == (path.removeprefix("/v1") != "/health")
            if path.removeprefix("/v1") != "/health":
                assert {"401", "403", "429", "503"} <= set(operation["responses"]), path
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_names_of_schemas_are_public(described: dict) -> None:
    assert set(described["components"]["schemas"]) == SCHEMAS


def test_stores_are_sorted_by_id_or_by_a_measure_of_a_period(described: dict) -> None:
    parameters = described["paths"]["/reports/{report_id}/stores"]["get"]["parameters"]
    (sort,) = (one["schema"] for one in parameters if one["name"] == "sort")
    assert set(sort["enum"]) == SORTS


def test_the_documentation_names_every_operation(described: dict) -> None:
    page = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    for path, operations in described["paths"].items():
        for method in operations:
            assert f"| `{method.upper()} {path.removeprefix('/v1')}` |" in page


def test_the_description_can_be_read_without_internet(viewer: httpx.Client) -> None:
    page = viewer.get("docs")
    assert "//" not in page.text.removeprefix("<!DOCTYPE html>")
    assert "<script>" not in page.text
    for address in (
        "static/vendor/swagger-ui/swagger-ui.css",
        "static/vendor/swagger-ui/swagger-ui-bundle.js",
        "docs.js",
    ):
        assert f'"{address}"' in page.text
        assert viewer.get(address).status_code == 200


@pytest.mark.parametrize("known_report", [False, True])
def test_no_request_is_answered_as_the_description_has_it_not(
    stack: Stack, report_id: UUID, paused: None, described: dict, known_report: bool
) -> None:
    """Paused, so that no report is really begun. Once with made up reports, once with one that is there."""
    document = json.loads(json.dumps(described))
    document["paths"] = {path: one for path, one in document["paths"].items() if path.startswith("/v1/")}
    if known_report:
        for path, operations in document["paths"].items():
            if "{report_id}" not in path:
                continue
            for operation in operations.values():
                for parameter in operation["parameters"]:
                    if parameter["name"] == "report_id":
                        parameter["schema"] = {"type": "string", "enum": [str(report_id)]}
    url = f"{stack.urls['simple']}/store-uptime"
    schema = schemathesis.openapi.from_dict(document, config=CHECKS)
    schema = schema.include(path_regex="report_id") if known_report else schema
    headers: dict[str, str] = {}
    asked = 0
    # Each may make 120 changes a minute.
    for operation, role in zip(schema.get_all_operations(), cycle(("ann", "bob", "cid")), strict=False):
        headers["Authorization"] = f"Bearer {stack.tokens['simple', role]}"
        for mode in GenerationMode:

            @EXAMPLES
            @given(case=operation.ok().as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                nonlocal asked
                # A list of one value looks in a query like the value itself, and of several the last one counts; an
                # object is written as the list of its names.
                assume(not any(isinstance(value, (list, dict)) for value in (case.query or {}).values()))
                asked += 1
                case.call_and_validate(base_url=url, headers=headers, timeout=PATIENCE)

            with suppress(Unsatisfiable):  # An operation without parameters cannot be asked wrongly.
                ask()
    assert asked >= 100
