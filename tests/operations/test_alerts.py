"""What is set up for a person on call, and what is not unless somebody asks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from commands.airflow_environment import telemetry
from store_uptime.errors import SettingError
from store_uptime.operations.alerts import Alert
from store_uptime.settings import Settings

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


def test_without_a_collector_nothing_is_turned_on() -> None:
    assert telemetry({}) == {}
    assert telemetry({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}) == {}


def test_a_collector_turns_metrics_and_traces_on() -> None:
    found = telemetry(ENDPOINT)
    assert found["AIRFLOW__METRICS__OTEL_ON"] == found["AIRFLOW__TRACES__OTEL_ON"] == "True"
    assert found["OTEL_TRACES_EXPORTER"] == "otlp_proto_http"
    by_grpc = telemetry(ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert by_grpc["OTEL_TRACES_EXPORTER"] == "otlp_proto_grpc"
    own = telemetry(ENDPOINT | {"AIRFLOW__TRACES__OTEL_ON": "False", "OTEL_SERVICE_NAME": "mine"})
    assert (own["AIRFLOW__TRACES__OTEL_ON"], own["OTEL_SERVICE_NAME"]) == ("False", "mine")


def test_who_is_told() -> None:
    assert not Settings.from_environment({}).has_alerts
    environment = {"STORE_UPTIME_ALERT_EMAIL": "a@b.org, c@d.org,", "STORE_UPTIME_ALERT_LATE_AFTER": "90"}
    settings = Settings.from_environment(environment)
    assert settings.has_alerts
    assert settings.alert_email == ("a@b.org", "c@d.org")
    assert settings.alert_late_after == timedelta(minutes=90)
    assert Settings.from_environment({"STORE_UPTIME_ALERT_WEBHOOK": "https://hooks.example.org/x"}).has_alerts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMAIL", "nobody"),
        ("EMAIL", "a b@c.org"),
        ("WEBHOOK", "hooks/secret"),
        ("WEBHOOK", "https://"),
        ("WEBHOOK", "https:///secret"),
        ("WEBHOOK", "https://hooks:secret/x"),
        ("LATE_AFTER", "0"),
        ("LATE_AFTER", "2h"),
    ],
)
def test_what_cannot_be_used_is_told_without_secrets(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"STORE_UPTIME_ALERT_{name}") as raised:
        Settings.from_environment({f"STORE_UPTIME_ALERT_{name}": value})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("text", ["*/15 2-4 * * mon-fri", "0 2 1,15 * *", "0 2 L * *", "@daily", "@quarterly"])
def test_schedules(text: str) -> None:
    found = Settings.from_environment({"STORE_UPTIME_SCHEDULE": text, "STORE_UPTIME_MAINTENANCE_SCHEDULE": "none"})
    assert (found.schedule, found.maintenance_schedule) == (text, None)


@pytest.mark.parametrize("name", ["SCHEDULE", "MAINTENANCE_SCHEDULE"])
@pytest.mark.parametrize(
    "text", ["nightly", "0 2 * *", "0 25 * * *", "0 2 31 2 *", "0 2 * * * *", "@once", "None", "every day"]
)
def test_a_schedule_that_airflow_could_not_keep_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=f"STORE_UPTIME_{name} is '.*'; expected a cron expression of five fields"):
        Settings.from_environment({f"STORE_UPTIME_{name}": text})


def test_texts_of_the_input_are_only_texts() -> None:
    alert = Alert("failed", "A report failed", ["<img src=x> {{ conf }}"], {}, UUID(int=1), "run")
    assert "&lt;img src=x&gt; {{ conf }}" in alert.as_html()
    assert alert.as_json()["why"] == ["<img src=x> {{ conf }}"]
