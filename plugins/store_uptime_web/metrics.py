"""Metrics for Prometheus: gauges about the newest report, from a few small queries at each scrape.

Instants are Unix times, as Prometheus expects them: an age is `time() - metric` there.
docs/operations/monitoring.md lists the metrics, deploy/prometheus/rules.yml uses them; tests hold both to `METRICS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from store_uptime_web import queries

RUNS_WINDOW = timedelta(days=7)

# name: (help, labels)
METRICS: dict[str, tuple[str, tuple[str, ...]]] = {
    "store_uptime_runs": ("Reports of the last seven days, by state.", ("state",)),
    "store_uptime_report_as_of_timestamp_seconds": ("The instant that the newest report looks back from.", ()),
    "store_uptime_report_published_timestamp_seconds": ("When the newest report was published.", ()),
    "store_uptime_report_duration_seconds": ("From the first task to the publication of the newest report.", ()),
    "store_uptime_report_task_duration_seconds": ("How long each task of the newest report took.", ("task",)),
    "store_uptime_report_stores": ("Stores in the newest report.", ()),
    "store_uptime_report_unknown_time_ratio": (
        "Ratio of time without data to open time in the newest report.",
        ("period",),
    ),
    "store_uptime_input_rows": ("Rows in the files of the newest DAG run that found any.", ("kind",)),
    "store_uptime_input_quarantined_rows": ("Rows of them in quarantine.", ("kind",)),
    "store_uptime_input_quarantined_ratio": ("Ratio of rows in quarantine to all rows.", ("kind",)),
    "store_uptime_unmet_expectations": ("Expectations that were not met in the newest validation.", ("severity",)),
    "store_uptime_last_poll_timestamp_seconds": ("The newest usable poll.", ()),
}


class ReportCollector(Collector):
    """Queries the database at each scrape. What has not happened yet has no sample."""

    def describe(self) -> list[GaugeMetricFamily]:
        """The metrics without samples: registering would otherwise collect."""
        return [gauge(name) for name in METRICS]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        states = queries.rows("metrics_states", since=datetime.now(UTC) - RUNS_WINDOW)[0]
        yield gauge("store_uptime_runs", *((states._mapping[state], state) for state in states._fields))
        yield from of_report()
        yield from of_input()
        last_polled_at = queries.rows("metrics_polls")[0].last_polled_at
        yield gauge("store_uptime_last_poll_timestamp_seconds", *instants(last_polled_at))


def of_report() -> Iterator[GaugeMetricFamily]:
    """The newest published report."""
    report = queries.row("metrics_report")
    if report is None:
        return
    yield gauge("store_uptime_report_as_of_timestamp_seconds", *instants(report.as_of))
    yield gauge("store_uptime_report_published_timestamp_seconds", *instants(report.published_at))
    yield gauge("store_uptime_report_duration_seconds", ((report.published_at - report.created_at).total_seconds(),))
    tasks = queries.rows("metrics_tasks", report_id=report.report_id)
    yield gauge("store_uptime_report_task_duration_seconds", *((float(task.seconds), task.task) for task in tasks))
    yield gauge("store_uptime_report_stores", (report.store_count,))
    ratios = unknown_ratios(report.report_id, report.published_at)
    yield gauge("store_uptime_report_unknown_time_ratio", *ratios)


def of_input() -> Iterator[GaugeMetricFamily]:
    """The files and the validation of the newest DAG run, even if its report failed."""
    kinds = queries.rows("metrics_files")
    yield gauge("store_uptime_input_rows", *((kind.rows_read, kind.kind) for kind in kinds))
    yield gauge("store_uptime_input_quarantined_rows", *((kind.rows_quarantined, kind.kind) for kind in kinds))
    ratios = ((kind.rows_quarantined / kind.rows_read, kind.kind) for kind in kinds if kind.rows_read)
    yield gauge("store_uptime_input_quarantined_ratio", *ratios)
    unmet = queries.row("metrics_expectations")
    found = [(unmet._mapping[severity], severity) for severity in unmet._fields] if unmet is not None else []
    yield gauge("store_uptime_unmet_expectations", *found)


@lru_cache(maxsize=1)
def unknown_ratios(report_id: UUID, _published_at: datetime) -> list[tuple[float, str]]:
    """Unknown / open time per period. Cached: a million stores take a while, and a published report does not change."""
    totals = queries.rows("totals", report_id=report_id)
    return [(float(row.unknown_us / row.open_us), row.period.removeprefix("last_")) for row in totals if row.open_us]


def gauge(name: str, *samples: tuple[float, *tuple[str, ...]]) -> GaugeMetricFamily:
    """The metric `name` with its samples: each a value and its labels."""
    text, labels = METRICS[name]
    family = GaugeMetricFamily(name, text, labels=labels)
    for value, *label_values in samples:
        family.add_metric(label_values, value)
    return family


def instants(instant: datetime | None) -> Iterable[tuple[float]]:
    """A sample, if there is an instant."""
    return [] if instant is None else [(instant.timestamp(),)]


registry = CollectorRegistry()
registry.register(ReportCollector())
