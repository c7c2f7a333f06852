"""The home that a command uses: STORE_UPTIME_HOME (default `.local`), or the demo's home, its folder `demo`.

The demo is the sample in data/sample. Its own home keeps it out of the reports on real data.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from commands.caller import at_caller, given
from store_uptime.db import embedded_postgres
from store_uptime.errors import InputFolderError, StoreUptimeError
from store_uptime.settings import SAMPLE, Settings
from store_uptime.storage import is_url

DEMO = "demo"
# Settings of the deployment that the demo must not use.
NOT_OF_DEMO = ("DATABASE_URL", "QUEUE_URL", "REPORTS", "QUALITY", "LOGS", "ALERT_EMAIL", "ALERT_WEBHOOK")
# The file in a home with the last data folder of `make report` or `make up`.
DATA_FOLDER = "data-folder"


def to_load() -> Settings:
    """The settings of a command that loads files; without a data folder, those of the demo.

    Raises `StoreUptimeError` if STORE_UPTIME_DATABASE_URL is set, but no data folder.
    """
    settings = Settings.from_environment()
    if data := given("DATA") or settings.data:
        return with_data(settings, at_caller(data))
    if settings.database_url:
        raise StoreUptimeError(
            "No data folder is set: add DATA=folder. The sample is not loaded into the database of "
            "STORE_UPTIME_DATABASE_URL."
        )
    return of_demo(settings)


def to_show() -> Settings:
    """The settings of `make up`: as `to_load`, but a home with data takes precedence over the demo.

    The data folder is the last one used. Raises `StoreUptimeError` if it is unknown or does not exist.
    """
    settings = Settings.from_environment()
    if given("DATA") or settings.data or settings.database_url or not holds_data(settings.home):
        return to_load()
    file = settings.home / DATA_FOLDER
    if not file.exists():
        raise StoreUptimeError(f"{settings.home} has data, but its data folder is unknown: add DATA=folder.")
    try:
        return with_data(settings, file.read_text(encoding="utf-8").rstrip("\n"))
    except InputFolderError as error:
        raise StoreUptimeError(
            f"The data folder of {settings.home} cannot be used: add DATA=folder. {error}"
        ) from error


def to_read() -> Settings:
    """The settings of a command that only reads: those of the demo if only the demo has data."""
    settings = Settings.from_environment()
    demo = of_demo(settings)
    return demo if not settings.database_url and not holds_data(settings.home) and holds_data(demo.home) else settings


def with_data(settings: Settings, data: str) -> Settings:
    """The settings with this data folder; raises `InputFolderError` if it is a path, but not of a folder."""
    if not is_url(data) and not Path(data).is_dir():
        raise InputFolderError(data, "is not a folder." if Path(data).exists() else "does not exist.")
    return replace(settings, data=data)


def of_demo(settings: Settings) -> Settings:
    """The settings of the demo in the home of `settings`."""
    own = {"STORE_UPTIME_HOME": str(settings.home / DEMO), "STORE_UPTIME_DATA": str(SAMPLE)}
    return Settings.from_environment({**os.environ, **own, **{f"STORE_UPTIME_{name}": "" for name in NOT_OF_DEMO}})


def is_home_of_demo(settings: Settings) -> bool:
    """Whether `of_demo` returned these settings. The sample alone does not tell: any home can load it with DATA."""
    return settings.is_demo and settings.home.name == DEMO


def holds_data(home: Path) -> bool:
    """Whether this home has a database."""
    return embedded_postgres.data_folder(home).exists()


def remember_data(settings: Settings) -> None:
    """Stores the path of the data folder for `to_show`."""
    settings.home.mkdir(parents=True, exist_ok=True)
    draft = settings.home / f"{DATA_FOLDER}.{os.getpid()}"
    draft.write_text(f"{settings.data}\n", encoding="utf-8")
    draft.rename(settings.home / DATA_FOLDER)
