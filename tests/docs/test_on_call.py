"""The manual for the person on call, and Prometheus' rules, name the metrics and alerts that there are."""

from __future__ import annotations

import ast
import re
from typing import get_args

import yaml

from store_uptime.operations.alerts import Alert, Kind
from store_uptime.settings import PROJECT

RULES = yaml.safe_load((PROJECT / "deploy" / "prometheus" / "rules.yml").read_text())
MANUAL = PROJECT / "docs" / "operations"


def read(page: str) -> str:
    return (MANUAL / f"{page}.md").read_text(encoding="utf-8")


def metrics() -> dict[str, tuple[str, tuple[str, ...]]]:
    """`METRICS` of the plugin, without importing Airflow's server."""
    tree = ast.parse((PROJECT / "plugins" / "store_uptime_web" / "metrics.py").read_text())
    (found,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "METRICS"
    )
    return found


def test_the_table_of_metrics_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `(store_uptime_\w+)` \| (?:`(\w+)`[^|]*)?\| (.*) \|$", read("monitoring"), re.MULTILINE)
    documented = {name: (text, (label,) if label else ()) for name, label, text in rows}
    assert documented == metrics()


def test_metrics_are_named_as_prometheus_wants() -> None:
    for name in metrics():
        assert re.fullmatch(r"store_uptime(_[a-z]+)+", name)
        assert not name.endswith(("_total", "_count", "_sum", "_bucket", "_info")), "those are not for gauges"
        for word, unit in (("timestamp", "_timestamp_seconds"), ("duration", "_duration_seconds")):
            assert word not in name or name.endswith(unit)


def test_rules_use_metrics_and_labels_that_exist() -> None:
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]
    assert rules
    known = metrics()
    for rule in rules:
        names = set(re.findall(r"\bstore_uptime_\w+", rule["expr"]))
        assert names or "up{" in rule["expr"]
        assert names <= known.keys(), rule
        for name, label in re.findall(r"\b(store_uptime_\w+)\{(\w+)=", rule["expr"]):
            assert label in known[name][1], rule


def test_every_alert_is_explained_and_no_other() -> None:
    manual = read("alerts")
    table = re.findall(r"^\| \[`(\w+)`\]\(#(\w+)\)(?: \((Prometheus)\))? \| .+ \| .+ \|$", manual, re.MULTILINE)
    assert all(anchor == name.lower() for name, anchor, _ in table)
    assert {name for name, _, place in table if not place} == set(get_args(Kind))
    rules = [rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule]
    assert [name for name, _, place in table if place] == [rule["alert"] for rule in rules]
    assert all(rule["labels"]["severity"] and rule["annotations"]["summary"] for rule in rules)
    assert re.findall(r"^## `(\w+)`$", manual, re.MULTILINE) == [name for name, _, _ in table]


def test_every_alert_leads_to_its_explanation() -> None:
    for rule in (rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule):
        assert rule["annotations"]["runbook"] == f"docs/operations/alerts.md#{rule['alert'].lower()}"
    for kind in get_args(Kind):
        alert = Alert(kind, "", [], {}, None, "a run")
        assert alert.as_text().endswith(f"Help: docs/operations/alerts.md#{kind}")
