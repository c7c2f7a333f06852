"""The folders in the settings, on this machine or in one of Airflow's file systems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from store_uptime.errors import SettingError
from store_uptime.settings import Settings
from store_uptime.storage import is_url

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath


def data_folder() -> Path | ObjectStoragePath:
    """The data folder. It is a setting of the deployment, never a value of a request.

    Raises `SettingError` if it is not set.
    """
    data = Settings.from_environment().data
    if not data:
        raise SettingError("STORE_UPTIME_DATA", None, "the folder of the input files")
    return folder("STORE_UPTIME_DATA", data)


def reports_folder() -> Path | ObjectStoragePath:
    """The folder of published reports."""
    return folder("STORE_UPTIME_REPORTS", Settings.from_environment().reports)


def quality_folder() -> Path | ObjectStoragePath:
    """The folder of validation results."""
    return folder("STORE_UPTIME_QUALITY", Settings.from_environment().quality)


def folder(setting: str, address: str) -> Path | ObjectStoragePath:
    """The folder with this path or URL. A URL imports the file systems of all providers.

    Raises `SettingError` for a URL whose scheme no provider supports.
    """
    if not is_url(address):
        return Path(address)
    from airflow.sdk import ObjectStoragePath

    try:
        path = ObjectStoragePath(address)
        path.fs  # noqa: B018  creates the file system, which may fail
    except (ValueError, ImportError) as error:
        raise SettingError(setting, address, f"a path or a URL such as s3://bucket/folder ({error})") from error
    return path
