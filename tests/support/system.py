"""Three workers on separate machines, with the other processes and servers that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from store_uptime.db.engine import connect
from store_uptime.ingest.stage_files import LARGE_FILE_BYTES
from store_uptime.settings import PROJECT, Settings
from support.cluster import Cluster, Redis, Web, private_keys, require_redis
from support.object_storage import ObjectStorage
from support.stack import free_port

WORKERS = ("worker-1", "worker-2", "worker-3")


@dataclass(frozen=True)
class System:
    """The machines, and the servers that they share."""

    cluster: Cluster
    queue: Redis
    storage: ObjectStorage
    bucket: Any
    owner: Engine
    web: Web


@contextmanager
def running_system(new_database: Callable, folder: Path) -> Iterator[System]:
    """Starts all processes, ready for reports; the homes are in `folder`."""
    require_redis()
    with ExitStack() as running:
        database_url = running.enter_context(new_database())
        storage = ObjectStorage()
        running.callback(storage.stop)
        bucket = storage.new_bucket(f"stores-{uuid4()}")
        for name, content in files().items():
            bucket.put_object(Key=f"data/{name}", Body=content)
        queue = Redis(folder / "redis", free_port())
        password = folder / "redis-password"
        password.write_text(f"{queue.password}\n")
        port = free_port()
        environment = (
            storage.environment
            | private_keys()
            | {
                "STORE_UPTIME_DATABASE_URL": database_url,
                "STORE_UPTIME_QUEUE_URL": queue.url,
                "REDIS_PASSWORD_FILE": str(password),
                "STORE_UPTIME_DATA": f"s3://{bucket.name}/data",
                "STORE_UPTIME_REPORTS": f"s3://{bucket.name}/reports",
                "STORE_UPTIME_QUALITY": f"s3://{bucket.name}/quality",
                "STORE_UPTIME_LOGS": f"s3://{bucket.name}/logs",
                "STORE_UPTIME_SCHEDULE": "none",
                # Its tasks would occupy a worker, or wait for locks that tests hold.
                "STORE_UPTIME_MAINTENANCE_SCHEDULE": "none",
                "STORE_UPTIME_LOADERS": str(len(WORKERS)),
                "API_SERVER_URL": f"http://127.0.0.1:{port}",
                "PORT": str(port),
                "AIRFLOW__API__HOST": "127.0.0.1",
                # So that three workers must share a report, and lost tasks are detected within the test.
                "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
                "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "10",
                "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "3",
                "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
                "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
            }
        )
        cluster = running.enter_context(Cluster(folder, environment))
        cluster.machines["redis"] = queue
        cluster.wait_for(queue.answers, "Redis")
        cluster.run_init("api-server")
        cluster.start("api-server", "api-server")
        cluster.start("dag-processor", "dag-processor")
        web = Web(environment["API_SERVER_URL"], cluster.home("api-server") / "home")
        cluster.wait_for(web.is_up, "the API server")
        cluster.start("scheduler", "scheduler")
        for name in WORKERS:
            cluster.start(name, "worker", "--celery-hostname", name)
        running.enter_context(web.sign_in())
        cluster.wait_for(web.has_dag, "the DAG")
        cluster.wait_for(lambda: all(" ready." in cluster.machines[name].output() for name in WORKERS), "the workers")
        owner = connect(Settings.from_environment({"STORE_UPTIME_DATABASE_URL": database_url}), "owner")
        running.callback(owner.dispose)
        yield System(cluster, queue, storage, bucket, owner, web)


def files() -> dict[str, bytes]:
    """The sample, and its polls repeated until their file is loaded in partitions; the report is the same."""
    sample = {file.name: file.read_bytes() for file in (PROJECT / "data" / "sample").glob("*.csv")}
    header, _, rows = sample["store_status.csv"].partition(b"\n")
    return sample | {"store_status_again.csv": header + b"\n" + rows * (LARGE_FILE_BYTES // len(rows) + 1)}
