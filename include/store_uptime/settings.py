"""The deployment's settings: environment variables that start with `STORE_UPTIME_`, read once, checked early."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from store_uptime.errors import SettingError

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT / "data" / "sample"
NIGHTLY, AFTER_NIGHTLY = "0 2 * * *", "30 4 * * *"
CRON_PRESETS = {"@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly"}  # Airflow's
CRON_FIELDS = 5
# As in calendar.durations, which is slow to import: every parse of a DAG reads the settings.
GAP = re.compile(r"(?=.)((?P<hours>\d{1,6})h)?((?P<minutes>\d{1,8})m)?", re.ASCII)
MAIL_ENTRY = re.compile(r"[^\s@,;:<>\"()]*@[A-Za-z0-9.-]+", re.ASCII)
CONNECTION_ENTRY = re.compile(r"connection:[A-Za-z0-9_.-]+", re.ASCII)
MAX_DAYS = 36_500
MAX_LOADERS = 64
MAX_INPUT_BYTES, MAX_INPUT_FILES, MAX_STORES = 100 << 30, 20_000, 250_000
MAX_POLL_YEARS, MOST_POLL_YEARS = 30, 10_000
LARGEST_LIMIT = 1 << 50


@dataclass(frozen=True)
class Settings:
    """One field for each variable: `home` is STORE_UPTIME_HOME, and so on. See docs/operations/settings.md."""

    home: Path
    database_url: str
    queue_url: str
    data: str
    reports: str
    quality: str
    logs: str
    schedule: str | None
    loaders: int
    max_unusable_percent: float
    max_input_bytes: int
    max_input_files: int
    max_stores: int
    max_poll_years: int
    follow_links: bool
    maintenance_schedule: str | None
    keep_polls_days: int | None
    keep_reports_days: int | None
    keep_quality_days: int | None
    keep_runs_days: int | None
    history: bool
    history_max_gap: timedelta | None
    anomalies: bool
    forecast: bool
    keep_history_days: int | None
    alert_email: tuple[str, ...]
    alert_webhook: str
    alert_late_after: timedelta
    notifications: bool
    allow_recipients: tuple[str, ...]
    signed_downloads: bool

    @classmethod
    def from_environment(cls, environment: dict[str, str] | None = None) -> Settings:
        """Reads the settings; raises `SettingError` for an invalid value."""
        variables = dict(os.environ if environment is None else environment)

        def value(name: str, default: str) -> str:
            return variables.get(f"STORE_UPTIME_{name}") or default

        home = Path(value("HOME", str(PROJECT / ".local"))).expanduser().absolute()
        return cls(
            home=home,
            database_url=sqlalchemy_url(value("DATABASE_URL", "")),
            queue_url=redis_url(value("QUEUE_URL", "")),
            data=value("DATA", ""),
            reports=value("REPORTS", str(home / "reports")),
            schedule=cron("SCHEDULE", value("SCHEDULE", NIGHTLY)),
            loaders=number("LOADERS", value("LOADERS", "1"), at_least=1, at_most=MAX_LOADERS),
            quality=value("QUALITY", str(home / "quality")),
            logs=value("LOGS", str(home / "logs" / "tasks")),
            max_unusable_percent=percent("MAX_UNUSABLE_PERCENT", value("MAX_UNUSABLE_PERCENT", "5")),
            max_input_bytes=limit("MAX_INPUT_BYTES", value("MAX_INPUT_BYTES", str(MAX_INPUT_BYTES))),
            max_input_files=limit("MAX_INPUT_FILES", value("MAX_INPUT_FILES", str(MAX_INPUT_FILES))),
            max_stores=limit("MAX_STORES", value("MAX_STORES", str(MAX_STORES))),
            max_poll_years=number(
                "MAX_POLL_YEARS", value("MAX_POLL_YEARS", str(MAX_POLL_YEARS)), at_least=1, at_most=MOST_POLL_YEARS
            ),
            follow_links=yes_or_no("FOLLOW_LINKS", value("FOLLOW_LINKS", "no")),
            maintenance_schedule=cron("MAINTENANCE_SCHEDULE", value("MAINTENANCE_SCHEDULE", AFTER_NIGHTLY)),
            # At least the newest report's week, and the day before it.
            keep_polls_days=days("KEEP_POLLS_DAYS", value("KEEP_POLLS_DAYS", "400"), at_least=8),
            keep_reports_days=days("KEEP_REPORTS_DAYS", value("KEEP_REPORTS_DAYS", "400")),
            keep_quality_days=days("KEEP_QUALITY_DAYS", value("KEEP_QUALITY_DAYS", "400")),
            keep_runs_days=days("KEEP_RUNS_DAYS", value("KEEP_RUNS_DAYS", "180")),
            history=on_or_off("HISTORY", value("HISTORY", "on")),
            history_max_gap=gap("HISTORY_MAX_GAP", value("HISTORY_MAX_GAP", "3h")),
            anomalies=on_or_off("ANOMALIES", value("ANOMALIES", "on")),
            forecast=on_or_off("FORECAST", value("FORECAST", "on")),
            keep_history_days=days("KEEP_HISTORY_DAYS", value("KEEP_HISTORY_DAYS", "none"), at_least=8),
            alert_email=addresses(value("ALERT_EMAIL", "")),
            alert_webhook=http_url("ALERT_WEBHOOK", value("ALERT_WEBHOOK", "")),
            alert_late_after=minutes("ALERT_LATE_AFTER", value("ALERT_LATE_AFTER", "120")),
            notifications=on_or_off("NOTIFICATIONS", value("NOTIFICATIONS", "on")),
            allow_recipients=recipients("ALLOW_RECIPIENTS", value("ALLOW_RECIPIENTS", "")),
            signed_downloads=on_or_off("SIGNED_DOWNLOADS", value("SIGNED_DOWNLOADS", "off")),
        )

    @property
    def is_demo(self) -> bool:
        """Whether the data folder is the sample."""
        return self.data == str(SAMPLE)

    @property
    def has_alerts(self) -> bool:
        """Whether a channel for alerts is set."""
        return bool(self.alert_email or self.alert_webhook)

    @property
    def has_hours(self) -> bool:
        """Whether the hours of days are settled: anomalies and the forecast are found from them."""
        return self.anomalies or self.forecast

    @property
    def sends(self) -> bool:
        """Whether anything is sent through the outbox: somebody may get something, and it is not turned off."""
        return self.notifications and (self.has_alerts or bool(self.allow_recipients))

    @classmethod
    def names(cls) -> list[str]:
        """The names of all variables."""
        return [f"STORE_UPTIME_{field.name.upper()}" for field in fields(cls)]


def percent(name: str, text: str) -> float:
    """`text` as a number from 0 to 100; raises `SettingError` for any other text."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise SettingError(f"STORE_UPTIME_{name}", text, "a number from 0 to 100")
    return number


def number(name: str, text: str, *, at_least: int, at_most: int) -> int:
    """`text` as a whole number within bounds; raises `SettingError` for any other text."""
    if not (text.isascii() and text.isdecimal() and at_least <= int(text) <= at_most):
        raise SettingError(f"STORE_UPTIME_{name}", text, f"a whole number from {at_least} to {at_most}")
    return int(text)


def limit(name: str, text: str) -> int:
    """`text` as a limit, at least 1; raises `SettingError` for any other text."""
    return number(name, text, at_least=1, at_most=LARGEST_LIMIT)


def yes_or_no(name: str, text: str) -> bool:
    """`text` as a choice."""
    if text not in {"yes", "no"}:
        raise SettingError(f"STORE_UPTIME_{name}", text, "yes or no")
    return text == "yes"


def on_or_off(name: str, text: str) -> bool:
    """`text` as a switch."""
    if text not in {"on", "off"}:
        raise SettingError(f"STORE_UPTIME_{name}", text, "on or off")
    return text == "on"


def gap(name: str, text: str) -> timedelta | None:
    """`text` as how long a poll counts, None for `none`; raises `SettingError` for any other text."""
    if text == "none":
        return None
    found = GAP.fullmatch(text)
    span = timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0)) if found else timedelta(0)
    if not timedelta(0) < span <= timedelta(days=MAX_DAYS):
        raise SettingError(f"STORE_UPTIME_{name}", text, "a duration such as 3h, 90m or 1h30m, or none")
    return span


def cron(name: str, text: str) -> str | None:
    """`text` if it is a schedule for Airflow, None for `none`; raises `SettingError` for any other text."""
    if text == "none":
        return None
    if text not in {NIGHTLY, AFTER_NIGHTLY, *CRON_PRESETS} and not has_next(text):
        raise SettingError(
            f"STORE_UPTIME_{name}", text, "a cron expression of five fields such as 0 2 * * *, @daily or none"
        )
    return text


def has_next(expression: str) -> bool:
    """Whether `expression` is a cron expression of five fields that matches some instant."""
    from croniter import CroniterError, croniter  # here, because it loads slowly and is rarely needed

    try:
        croniter(expression).get_next()
    except CroniterError:
        return False
    return len(expression.split()) == CRON_FIELDS


def days(name: str, text: str, *, at_least: int = 1) -> int | None:
    """`text` as a number of days, None for `none` (no limit); raises `SettingError` for any other text."""
    if text == "none":
        return None
    if not (text.isascii() and text.isdecimal() and at_least <= int(text) <= MAX_DAYS):
        raise SettingError(f"STORE_UPTIME_{name}", text, f"a number of days from {at_least} to {MAX_DAYS}, or none")
    return int(text)


def addresses(text: str) -> tuple[str, ...]:
    """The mail addresses in a comma-separated list; raises `SettingError` for an invalid one."""
    found = tuple(address.strip() for address in text.split(",") if address.strip())
    for address in found:
        if "@" not in address.strip("@") or any(character.isspace() for character in address):
            raise SettingError("STORE_UPTIME_ALERT_EMAIL", address, "mail addresses separated by commas")
    return found


def http_url(name: str, url: str) -> str:
    """`url` if it is an HTTP URL or empty; else raises `SettingError` without the value, which may contain a secret."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if url and not is_valid:
        raise SettingError(f"STORE_UPTIME_{name}", "…", "a URL such as https://host/path")
    return url


def recipients(name: str, text: str) -> tuple[str, ...]:
    """The entries of a list of allowed recipients; raises `SettingError` for one that is none.

    An entry is a mail address, a domain of them (`@example.org`), a connection of Airflow (`connection:id`), or the
    beginning of the URLs of webhooks (`https://hooks.example.org/path/`).
    """
    found = tuple(entry.strip() for entry in text.split(",") if entry.strip())
    for entry in found:
        if not (MAIL_ENTRY.fullmatch(entry) or CONNECTION_ENTRY.fullmatch(entry) or _is_plain_url(entry)):
            expected = "a list of addresses, @domains, https:// URLs and connection:ids, separated by commas"
            raise SettingError(f"STORE_UPTIME_{name}", entry, expected)
    return found


def _is_plain_url(entry: str) -> bool:
    """Whether it is an HTTP URL without user, query or fragment."""
    try:
        parts = urlsplit(entry)
        is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_http and not (parts.username or parts.password or parts.query or parts.fragment)


def minutes(name: str, text: str) -> timedelta:
    """`text` as a number of minutes, at most a week; raises `SettingError` for any other text."""
    if not (text.isdecimal() and 1 <= int(text) <= 7 * 24 * 60):
        raise SettingError(f"STORE_UPTIME_{name}", text, "a number of minutes from 1 to 10080")
    return timedelta(minutes=int(text))


def sqlalchemy_url(url: str) -> str:
    """A PostgreSQL URL with the driver of this project; empty stays empty (the embedded server).

    Raises `SettingError` for any other URL.
    """
    for prefix in ("postgresql+psycopg2://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg2://" + url.removeprefix(prefix)
    if url:
        raise SettingError("STORE_UPTIME_DATABASE_URL", url.split("@")[-1], "a URL that starts with postgresql://")
    return url


def redis_url(url: str) -> str:
    """A Redis URL; empty stays empty (tasks run with the scheduler). Raises `SettingError` for any other URL."""
    if url and not url.startswith(("redis://", "rediss://")):
        raise SettingError("STORE_UPTIME_QUEUE_URL", url.split("@")[-1], "a URL that starts with redis://")
    return url
