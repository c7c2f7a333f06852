"""Which home a command works in: STORE_UPTIME_HOME (default `.local`), or the home of the demo in its folder `demo`.

The demo is the sample in data/sample. It has a home of its own, so that what loads a real folder never sees it.
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
# What a deployment has for its own data, and the demo must not use.
NOT_OF_DEMO = ("DATABASE_URL", "QUEUE_URL", "REPORTS", "QUALITY", "LOGS", "ALERT_EMAIL", "ALERT_WEBHOOK")
# In a home: the data folder that `make report` or `make up` was last given for it.
DATA_FOLDER = "data-folder"


def to_load() -> Settings:
    """The settings of a command that loads files: those of the demo if no data folder is named.

    Raises `StoreUptimeError` if none is named for the database of STORE_UPTIME_DATABASE_URL.
    """
    settings = Settings.from_environment()
    if data := given("DATA") or settings.data:
        return with_data(settings, at_caller(data))
    if settings.database_url:
        raise StoreUptimeError(
            "No data folder is named: add DATA=folder. The sample is not loaded into the database of "
            "STORE_UPTIME_DATABASE_URL."
        )
    return of_demo(settings)


def to_show() -> Settings:
    """The settings of `make up`: as for a command that loads, but a home that holds data is shown before the demo.

    Its data folder is the one that was named last. Raises `StoreUptimeError` if that is unknown, or is gone.
    """
    settings = Settings.from_environment()
    if given("DATA") or settings.data or settings.database_url or not holds_data(settings.home):
        return to_load()
    named = settings.home / DATA_FOLDER
    if not named.exists():
        raise StoreUptimeError(f"{settings.home} holds data, but not the name of the data folder: add DATA=folder.")
    try:
        return with_data(settings, named.read_text(encoding="utf-8").rstrip("\n"))
    except InputFolderError as error:
        raise StoreUptimeError(f"The data folder of {settings.home} is gone: add DATA=folder. {error}") from error


def to_read() -> Settings:
    """The settings of a command that only reads: those of the demo if only the demo holds data."""
    settings = Settings.from_environment()
    demo = of_demo(settings)
    return demo if not settings.database_url and not holds_data(settings.home) and holds_data(demo.home) else settings


def with_data(settings: Settings, data: str) -> Settings:
    """The settings with this data folder; raises `InputFolderError` for one on this machine that is not there."""
    if not is_url(data) and not Path(data).is_dir():
        raise InputFolderError(data, "is not a folder." if Path(data).exists() else "does not exist.")
    return replace(settings, data=data)


def of_demo(settings: Settings) -> Settings:
    """The settings of the demo whose home lies in that of `settings`."""
    own = {"STORE_UPTIME_HOME": str(settings.home / DEMO), "STORE_UPTIME_DATA": str(SAMPLE)}
    return Settings.from_environment({**os.environ, **own, **{f"STORE_UPTIME_{name}": "" for name in NOT_OF_DEMO}})


def is_home_of_demo(settings: Settings) -> bool:
    """Whether these are settings that `of_demo` returned: the sample may be loaded into any other home by its name."""
    return settings.is_demo and settings.home.name == DEMO


def holds_data(home: Path) -> bool:
    """Whether a database was made in this home."""
    return embedded_postgres.data_folder(home).exists()


def remember_data(settings: Settings) -> None:
    """Keeps the name of the data folder for `to_show`."""
    settings.home.mkdir(parents=True, exist_ok=True)
    draft = settings.home / f"{DATA_FOLDER}.{os.getpid()}"
    draft.write_text(f"{settings.data}\n", encoding="utf-8")
    draft.rename(settings.home / DATA_FOLDER)
