"""What Airflow's chart makes of deploy/: valid for Kubernetes, and within the Pod Security Standard `restricted`.

AIRFLOW_CHART names the chart: a folder, or the file of `helm pull apache-airflow/airflow --version ...`; then `helm`
has to be on the PATH. No package registry has the chart: the CI workflow fetches it, elsewhere the tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from store_uptime.settings import PROJECT

VERSIONS = ("1.31", "1.35")
# Of other projects: their resources are no part of Kubernetes.
FOREIGN_KINDS = {"ScaledObject"}
VALUES = PROJECT / "deploy" / "helm" / "values.yaml"
EXECUTOR = VALUES.with_name("kubernetes-executor.yaml")
ENVIRONMENTS = PROJECT / "deploy" / "environments"
HPA = ("--set", "workers.celery.hpa.enabled=true")
RENDERED: dict[str, tuple[str | Path, ...]] = {
    "celery": (),
    "celery-hpa": HPA,
    "kubernetes": ("--values", EXECUTOR),
    **{name: ("--values", ENVIRONMENTS / f"{name}.yaml") for name in ("development", "staging", "production")},
}


@pytest.fixture(scope="module", params=RENDERED)
def manifests(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """All that the chart makes of these values."""
    chart, helm = os.environ.get("AIRFLOW_CHART"), shutil.which("helm")
    if not chart:
        pytest.skip("AIRFLOW_CHART is not set (no package registry has the chart; the CI workflow fetches it)")
    assert helm, "AIRFLOW_CHART is set, so helm has to be on the PATH"
    command = [helm, "template", "store-uptime", chart, "--values", VALUES, *RENDERED[request.param]]
    rendered = subprocess.run(command, capture_output=True, text=True, check=False)
    assert rendered.returncode == 0, rendered.stderr
    return [found for found in yaml.safe_load_all(rendered.stdout) if found]


def test_kubernetes_takes_them(manifests: list[dict[str, Any]]) -> None:
    assert len(manifests) >= 20
    for manifest in manifests:
        if manifest["kind"] not in FOREIGN_KINDS:
            for version in VERSIONS:
                kubernetes_validate.validate(manifest, version, strict=True)


def test_pods_fit_the_restricted_standard(manifests: list[dict[str, Any]]) -> None:
    found = dict(pods(manifests))
    assert {"scheduler", "api-server", "dag-processor", "triggerer", "run-airflow-migrations"} <= found.keys()
    for name, pod in found.items():
        shared = pod["securityContext"]
        assert shared["runAsNonRoot"] is True, name
        assert shared["runAsUser"] > 0, name
        assert shared["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        assert not [volume for volume in pod.get("volumes") or [] if "hostPath" in volume], name
        for container in containers(pod):
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False, (name, container["name"])
            assert own["capabilities"] == {"drop": ["ALL"]}, (name, container["name"])
            assert not {"privileged", "runAsUser", "seccompProfile"} & own.keys(), (name, container["name"])


def test_every_container_has_requests_and_limits(manifests: list[dict[str, Any]]) -> None:
    for name, pod in pods(manifests):
        for container in containers(pod):
            assert container["resources"].keys() == {"requests", "limits"}, (name, container["name"])


def test_workers_are_scaled_by_one_thing(manifests: list[dict[str, Any]], request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["manifests"]
    scalers = [one["kind"] for one in manifests if one["kind"] in ("ScaledObject", "HorizontalPodAutoscaler")]
    assert scalers == {"production": ["ScaledObject"], "celery-hpa": ["HorizontalPodAutoscaler"]}.get(name, [])
    workers = [
        one for one in manifests if one["metadata"]["name"] == "store-uptime-worker" and "template" in one["spec"]
    ]
    assert len(workers) == (name != "kubernetes")
    assert ["replicas" in one["spec"] for one in workers] == [not scalers] * len(workers)


def pods(manifests: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the specification of each pod, that of a task of KubernetesExecutor too."""
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield manifest["metadata"]["labels"]["component"], manifest["spec"]["template"]["spec"]
        elif manifest["kind"] == "ConfigMap" and "pod_template_file.yaml" in manifest["data"]:
            yield "task", yaml.safe_load(manifest["data"]["pod_template_file.yaml"])["spec"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*(pod.get("initContainers") or []), *pod["containers"]]
