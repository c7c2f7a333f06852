"""Registers the web side with Airflow.

Every Airflow process loads plugins, tasks too; only the API server needs the app. So it is built on first use.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class StoreUptimePlugin(AirflowPlugin):
    """The API under /store-uptime, its pages in Airflow's navigation, and what they begin with on its dashboard."""

    name = "store_uptime"
    # Relative addresses, so that they hold below a base_url with a path too.
    external_views: list[dict[str, Any]] = [  # noqa: RUF012 (as Airflow declares it)
        {
            "name": "Uptime",
            "href": "store-uptime/pages/overview",
            "destination": "nav",
            "url_route": "store-uptime",
            "nav_top_level": True,
            "icon": "store-uptime/static/icon.svg",
            "icon_dark_mode": "store-uptime/static/icon-dark.svg",
        },
        {
            "name": "Quality",
            "href": "store-uptime/pages/quality",
            "destination": "nav",
            "url_route": "store-data-quality",
            "nav_top_level": True,
            "icon": "store-uptime/static/icon-quality.svg",
            "icon_dark_mode": "store-uptime/static/icon-quality-dark.svg",
        },
        {
            "name": "Uptime report",
            "href": "store-uptime/pages/run?dag_id={DAG_ID}&dag_run_id={RUN_ID}",
            "destination": "dag_run",
            "url_route": "store-uptime-report",
            "icon": "store-uptime/static/icon.svg",
            "icon_dark_mode": "store-uptime/static/icon-dark.svg",
        },
    ]

    react_apps: list[dict[str, Any]] = [  # noqa: RUF012 (as Airflow declares it)
        {
            "name": "StoreUptimeDashboard",
            "bundle_url": "store-uptime/static/js/airflow_dashboard.js",
            "destination": "dashboard",
            "url_route": "store-uptime-dashboard",
        },
    ]

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The API and the pages."""
        from store_uptime_web.airflow_client import PREFIX
        from store_uptime_web.app import create_mount

        return [{"name": "Store Uptime", "app": create_mount(), "url_prefix": PREFIX}]

    @cached_property
    def fastapi_root_middlewares(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """What lets the API call Airflow's API in this process."""
        from store_uptime_web.middleware.root import RootMiddleware

        return [{"name": "Store Uptime", "middleware": RootMiddleware}]
