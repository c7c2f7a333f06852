"""
### How long every store was up and down in its business hours
One DAG run makes one report: `{report id}.csv` in the reports folder, and its exact figures in the database.

| task | what it does |
|---|---|
| `ingest` | copies new files from the data folder into the database; no file is loaded twice |
| `validate` | checks them with Great Expectations, then accepts them or fails the DAG run |
| `localize` | finds each store's zone and the zone's clock changes |
| `clip` | turns business hours into open time, in UTC |
| `interpolate` | fills the time between polls, and adds up uptime, downtime and unknown time |
| `export` | writes the CSV |

`ingest` is mapped over the loaders, `localize`, `clip` and `interpolate` over the shards. Any task can be cleared.

**Nightly DAG runs** look back from the newest poll before their schedule, **manual ones** from the newest poll, or from
`as_of`.

**When it fails:** the report's page shows the cause. Correct the input, then clear `ingest` and the tasks after it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task

from store_uptime.settings import Settings
from store_uptime_airflow import callbacks, folders, retries, tasks
from store_uptime_airflow.params import report_params

SETTINGS = Settings.from_environment()


@dag(
    schedule=SETTINGS.schedule,
    start_date=datetime(2023, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=4,
    dagrun_timeout=timedelta(hours=6),
    params=report_params(),
    default_args=retries.DEFAULTS,
    doc_md=__doc__,
    dag_display_name="Store uptime report",
    tags=["stores", "uptime"],
    **callbacks.report_callbacks(),
)
def store_uptime_report() -> None:
    @task(map_index_template=tasks.LOADER_NAME)
    def ingest(loader: int) -> None:
        """Copies new files from the data folder into the database."""
        from store_uptime.ingest import safe_open, stage_files

        tasks.open_report()
        access = safe_open.InputAccess.of(SETTINGS)
        tasks.run_stage(stage_files.ingest, folders.data_folder(), datetime.now(UTC), SETTINGS.loaders, access=access)

    @task
    def validate() -> list[int]:
        """Checks the loaded files; returns the shards that the next three tasks are mapped over."""
        from store_uptime.quality import validate as quality

        tasks.run_stage(quality.validate, SETTINGS, datetime.now(UTC), folders.quality_folder())
        return tasks.shards()

    @task(map_index_template=tasks.SHARD_NAME)
    def localize(shard: int) -> None:
        """Finds each store's zone and the zone's clock changes."""
        from store_uptime.reports import stages

        tasks.run_stage(stages.localize, shard)

    @task(map_index_template=tasks.SHARD_NAME)
    def clip(shard: int) -> None:
        """Turns business hours into open time, in UTC."""
        from store_uptime.reports import stages

        tasks.run_stage(stages.clip, shard)

    @task(map_index_template=tasks.SHARD_NAME)
    def interpolate(shard: int) -> None:
        """Fills the time between polls, and adds up uptime, downtime and unknown time."""
        from store_uptime.reports import stages

        tasks.run_stage(stages.interpolate, shard)

    @task(outlets=[tasks.PUBLISHED_REPORT])
    def export() -> None:
        """Writes the CSV and publishes it."""
        from store_uptime.reports.export import export as write_csv

        tasks.run_stage(write_csv, folders.reports_folder(), datetime.now(UTC))

    shards = validate()
    loaded = ingest.override(doc_md=ingest.function.__doc__).expand(loader=tasks.loaders())
    localized, clipped, interpolated = (
        stage.override(doc_md=stage.function.__doc__).expand(shard=shards) for stage in (localize, clip, interpolate)
    )
    loaded >> shards >> localized >> clipped >> interpolated >> export()


report_dag = store_uptime_report()
