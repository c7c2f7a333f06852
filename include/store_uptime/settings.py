"""The deployment's settings: environment variables that start with `STORE_UPTIME_`, read once, checked early."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from store_uptime.errors import SettingError

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """One field per variable: `home` is STORE_UPTIME_HOME, and so on. docs/operations.md explains each."""

    home: Path
    database_url: str
    data: str
    reports: str
    schedule: str | None
    max_unusable_percent: float

    @classmethod
    def from_environment(cls, environment: dict[str, str] | None = None) -> Settings:
        """Reads the settings; raises `SettingError` for a value that cannot be used."""
        variables = dict(os.environ if environment is None else environment)

        def value(name: str, default: str) -> str:
            return variables.get(f"STORE_UPTIME_{name}") or default

        home = Path(value("HOME", str(PROJECT / ".local"))).expanduser().absolute()
        return cls(
            home=home,
            database_url=sqlalchemy_url(value("DATABASE_URL", "")),
            data=value("DATA", str(PROJECT / "data" / "sample")),
            reports=value("REPORTS", str(home / "reports")),
            schedule=None if value("SCHEDULE", "0 2 * * *") == "none" else value("SCHEDULE", "0 2 * * *"),
            max_unusable_percent=percent("MAX_UNUSABLE_PERCENT", value("MAX_UNUSABLE_PERCENT", "5")),
        )

    @classmethod
    def names(cls) -> list[str]:
        """The variables, as documented."""
        return [f"STORE_UPTIME_{field.name.upper()}" for field in fields(cls)]


def percent(name: str, text: str) -> float:
    """`text` as a number from 0 to 100."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise SettingError(f"STORE_UPTIME_{name}", text, "a number from 0 to 100")
    return number


def sqlalchemy_url(url: str) -> str:
    """A PostgreSQL URL with the driver this project uses; empty stays empty (no server is named)."""
    for prefix in ("postgresql+psycopg2://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg2://" + url.removeprefix(prefix)
    if url:
        raise SettingError("STORE_UPTIME_DATABASE_URL", url.split("@")[-1], "a URL that starts with postgresql://")
    return url
