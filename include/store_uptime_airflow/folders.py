"""The folders that the settings name: on this machine, or wherever one of Airflow's file systems leads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from store_uptime.errors import SettingError
from store_uptime.settings import Settings
from store_uptime.storage import is_url

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath


def data_folder() -> Path | ObjectStoragePath:
    """Where the input files are: a setting of the deployment, never of a request.

    Raises `SettingError` if it is not set.
    """
    data = Settings.from_environment().data
    if not data:
        raise SettingError("STORE_UPTIME_DATA", None, "the folder of the input files")
    return folder("STORE_UPTIME_DATA", data)


def reports_folder() -> Path | ObjectStoragePath:
    """Where the finished reports go."""
    return folder("STORE_UPTIME_REPORTS", Settings.from_environment().reports)


def quality_folder() -> Path | ObjectStoragePath:
    """Where the results of the checks go."""
    return folder("STORE_UPTIME_QUALITY", Settings.from_environment().quality)


def folder(setting: str, address: str) -> Path | ObjectStoragePath:
    """A folder on this machine, or wherever its scheme says. The latter loads every provider's file systems.

    Raises `SettingError` for a scheme that none of them has.
    """
    if not is_url(address):
        return Path(address)
    from airflow.sdk import ObjectStoragePath

    try:
        path = ObjectStoragePath(address)
        path.fs  # noqa: B018  makes the file system
    except (ValueError, ImportError) as error:
        raise SettingError(setting, address, f"a path or a URL such as s3://bucket/folder ({error})") from error
    return path
