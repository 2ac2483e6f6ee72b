"""The shards of a fleet as a Kubernetes Indexed Job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from conformance.base.errors import UsageError
from conformance.fleet.plan import Fleet
from conformance.fleet.shards import members

LARGEST_MAP = 900_000
"""Maximum bytes of a ConfigMap that holds the plan and the target files. The limit is 1 MiB."""
PLAN, RESULTS = "/fleet", "/results"
"""Where the plan and the results are in a container."""
SPARE = 300
"""Seconds that a pod may take in addition to the time limits of its targets."""


@dataclass(frozen=True)
class Cluster:
    """The names in a Kubernetes cluster, and the image of the suite.

    ``config`` is the ConfigMap with fleet.json and the target files, ``secret`` the Secret whose
    members are the variables with the keys, and ``claim`` the volume claim for the results.
    """

    name: str
    image: str
    config: str
    secret: str
    claim: str
    parallel: int


def manifest(fleet: Fleet, of: int, cluster: Cluster) -> str:
    """A Kubernetes Indexed Job in YAML: one pod for each of ``of`` shards.

    The time limit of every pod is that of the slowest shard: the limits of its targets together.
    Raises UsageError if the target files cannot be in one ConfigMap.
    """
    items = _items(fleet)
    shards = [members(fleet, number, of) for number in range(1, of + 1)]
    longest = max(sum(member.timeout for member in shard) for shard in shards)
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": cluster.name},
        "spec": {
            "completionMode": "Indexed",
            "completions": of,
            "parallelism": min(of, cluster.parallel),
            "backoffLimitPerIndex": 1,
            "maxFailedIndexes": of,
            "ttlSecondsAfterFinished": 86_400,
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": cluster.name}},
                "spec": _pod(cluster, of, items, longest + SPARE),
            },
        },
    }
    return yaml.safe_dump(job, sort_keys=False)


def _items(fleet: Fleet) -> list[dict[str, str]]:
    """The files of the ConfigMap, each with its path in the container.

    Raises UsageError if two names are equal, a file is outside of the directory, or all are too
    large.
    """
    paths = {PurePosixPath(member.file).name: member.file for member in fleet.targets}
    outside = [path for path in paths.values() if ".." in PurePosixPath(path).parts]
    if len(paths) < len(fleet.targets) or outside:
        raise UsageError(
            "The target files need different names, in the directory of the plan or below it, "
            "because one ConfigMap holds them all."
        )
    files = [fleet.directory / "fleet.json", *(fleet.path_of(each) for each in fleet.targets)]
    size = sum(path.stat().st_size for path in files)
    if size > LARGEST_MAP:
        raise UsageError(
            f"The plan and the target files have {size:,} bytes, "
            f"but a ConfigMap holds {LARGEST_MAP:,}. Plan several fleets."
        )
    listed = [{"key": "fleet.json", "path": "fleet.json"}]
    return listed + [{"key": name, "path": path} for name, path in sorted(paths.items())]


def _pod(cluster: Cluster, of: int, items: list[dict[str, str]], seconds: int) -> dict[str, Any]:
    """The specification of the pods."""
    return {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": seconds,
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(cluster, of)],
        "volumes": [
            {"name": "plan", "configMap": {"name": cluster.config, "items": items}},
            {"name": "results", "persistentVolumeClaim": {"claimName": cluster.claim}},
            {"name": "scratch", "emptyDir": {}},
        ],
    }


def _container(cluster: Cluster, of: int) -> dict[str, Any]:
    """The container of a pod. A shell adds one to the index of the pod, which begins at 0."""
    shard = f"$((JOB_COMPLETION_INDEX + 1))/{of}"
    command = (
        f"exec kaicalls-conformance fleet run {PLAN}/fleet.json --output {RESULTS} "
        f'--jobs 1 --shard "{shard}"'
    )
    return {
        "name": "suite",
        "image": cluster.image,
        "command": ["/bin/sh", "-c", command],
        "envFrom": [{"secretRef": {"name": cluster.secret}}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": {
            "requests": {"cpu": "500m", "memory": "512Mi"},
            "limits": {"memory": "2Gi"},
        },
        "volumeMounts": [
            {"name": "plan", "mountPath": PLAN, "readOnly": True},
            {"name": "results", "mountPath": RESULTS},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - a volume of its own
        ],
    }
