"""Clusters of any size: pods like those of the recording, made when they are asked for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

from lab.kubernetes.captured import recorded
from lab.kubernetes.catalogue import Catalogue
from lab.kubernetes.cluster import Cluster
from lab.kubernetes.entry import Entry
from lab.kubernetes.problem import dumped

PER_WORKLOAD = 10
"""Pods of one Deployment."""
PER_NAMESPACE = 500
SIZE = 8000
"""Bytes of a pod as JSON, the mean of a measured cluster."""
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class _Shape:
    """A recorded pod with holes. `cut` is where its metadata ends."""

    def __init__(self, pod: dict[str, Any]) -> None:
        meta = pod["metadata"]
        owner = meta["ownerReferences"][0]
        app = owner["name"].rpartition("-")[0]
        volumes = [one["name"] for one in pod["spec"].get("volumes", ()) if one["name"].startswith("kube-api-access-")]
        image = pod["spec"]["containers"][0]["image"].rpartition("/")[2].partition("@")[0].partition(":")[0]
        text = self._sized(pod).replace("%", "%%")
        known = [
            (meta["name"], "name"), (owner["name"], "owner"), (owner["uid"], "owneruid"), (meta["uid"], "uid"),
            (f'"namespace":"{meta["namespace"]}"', '"namespace":"%(namespace)s"'),
            (f'"resourceVersion":"{meta["resourceVersion"]}"', '"resourceVersion":"%(version)s"'),
            (pod["status"].get("podIP", ""), "ip"), (pod["spec"]["nodeName"], "node"),
            *((volume, "volume") for volume in volumes), (f'"{app}"', '"%(app)s"'), (f"/{image}:", "/%(image)s:"),
        ]  # fmt: skip
        for old, new in known:
            if old:
                text = text.replace(old, new if "%(" in new else f"%({new})s")
        text = text.replace(f"{app}-", "%(app)s-")
        self.template = text

    @staticmethod
    def _sized(pod: dict[str, Any]) -> str:
        """Made as long as pods are by noting the managed fields more than once."""
        fields = pod["metadata"].get("managedFields") or []
        shortest = min(fields, key=lambda one: len(dumped(one)), default=None)
        while shortest and len(dumped(pod)) + len(dumped(shortest)) < SIZE:
            fields.append(shortest)
        return dumped(pod).decode()


@cache
def _shapes() -> tuple[_Shape, ...]:
    """Of one pod of each recorded Deployment that has been scheduled."""
    cluster = recorded()
    found: dict[str, dict[str, Any]] = {}
    for entry in cluster.collection("pods").entries.values():
        pod = entry.object()
        owner = (pod["metadata"].get("ownerReferences") or [{}])[0]
        if owner.get("kind") == "ReplicaSet" and pod["spec"].get("nodeName"):
            found.setdefault(owner["name"], pod)
    return tuple(_Shape(pod) for pod in found.values())


class SyntheticPod(Entry):
    """The pod with a number."""

    __slots__ = ("_number",)

    def __init__(self, number: int, version: int) -> None:
        self._number = number
        workload = number // PER_WORKLOAD
        super().__init__(b"", namespace(number), f"{_owner(workload)}-{_word(number, 5)}", version)

    def raw(self) -> bytes:
        number, workload = self._number, self._number // PER_WORKLOAD
        shape = _shapes()[workload % len(_shapes())]
        return (shape.template % {
            "app": _app(workload), "name": self.name, "namespace": self.namespace, "uid": _uid("pod", number),
            "version": self.version, "owner": _owner(workload), "owneruid": _uid("replicaset", workload),
            "node": f"worker-{number % 50}", "ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "volume": f"kube-api-access-{_word(number * 31, 5)}", "image": _app(workload % 200),
        }).encode()  # fmt: skip


def cluster(pods: int, catalogue: Catalogue | None = None) -> Cluster:
    """So many pods, with their namespaces, Deployments and ReplicaSets."""
    made = Cluster(catalogue)
    real = recorded()
    made.load("pods", (SyntheticPod(number, 100 + number) for number in range(pods)))
    for kind in ("deployments", "replicasets", "namespaces"):
        made.load(kind, _others(real, kind, pods))
    for kind in ("nodes", "clusterroles", "clusterrolebindings", "roles", "rolebindings"):
        made.load(kind, real.collection(kind).entries.values())
    made.load("pods", (), made.version + 1)
    return made


def namespace(number: int) -> str:
    return f"team-{number // PER_NAMESPACE:03d}"


def _others(real: Cluster, kind: str, pods: int) -> Iterator[Entry]:
    if kind == "namespaces":
        for number in range(0, pods, PER_NAMESPACE):
            name = namespace(number)
            labels = {"kubernetes.io/metadata.name": name}
            meta = {"name": name, "uid": _uid("namespace", number), "creationTimestamp": _SINCE, "labels": labels}
            yield Entry.of({"metadata": meta, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}, 2)
        return
    base = json.dumps(real.get(kind, next(key for key in real.names(kind) if key.startswith("prod/checkout-api"))))
    for workload in range((pods + PER_WORKLOAD - 1) // PER_WORKLOAD):
        thing = json.loads(base.replace("checkout-api", _app(workload)))
        name = _app(workload) if kind == "deployments" else _owner(workload)
        meta = thing["metadata"]
        meta |= {"name": name, "namespace": namespace(workload * PER_WORKLOAD), "uid": _uid(kind[:-1], workload)}
        for owner in meta.get("ownerReferences", ()):
            owner |= {"name": _app(workload), "uid": _uid("deployment", workload)}
        yield Entry.of(thing, 3)


_SINCE = "2026-11-20T08:00:00Z"


def _app(workload: int) -> str:
    return f"app-{workload:04d}"


def _owner(workload: int) -> str:
    return f"{_app(workload)}-{_word(workload * 17 + 5, 9)}"


def _uid(kind: str, number: int) -> str:
    return str(uuid.UUID(int=(sum(kind.encode()) << 96) | number << 8 | 1))


def _word(number: int, length: int) -> str:
    """Letters as generated names have them, different for each number below some ten million."""
    value, base = (number * 7919 + 13) % (len(_ALPHABET) ** length), len(_ALPHABET)
    letters = []
    for _ in range(length):
        value, turn = divmod(value, base)
        letters.append(_ALPHABET[turn])
    return "".join(letters)
