"""Who lives in a namespace: labels of its pods and of the templates that make some."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from inventory.kubernetes.workloads import CronJob, DaemonSet, Deployment, Job, Pod, PodBearer, StatefulSet

T = TypeVar("T")
LIVING: tuple[type[PodBearer], ...] = (Pod, Deployment, StatefulSet, DaemonSet, Job, CronJob)
"""Pods first, which mostly are there. What a Deployment makes has its labels."""
Labels = tuple[tuple[str, str], ...]


def _busy(bearers: tuple[PodBearer, ...]) -> Mapping[str, bool]:
    """Namespaces that have any on the pod network."""
    found: dict[str, bool] = {}
    for one in bearers:
        if one.namespace not in found and ("pod_spec" in one.gaps or not one.pod_spec.host_network):
            found[one.namespace] = True
    return found


def _label_sets(bearers: tuple[PodBearer, ...]) -> Mapping[str, frozenset[Labels]]:
    """The different labels of pods in each namespace."""
    found: dict[str, set[Labels]] = {}
    met: set[tuple[str, int]] = set()
    for one in bearers:
        if "pod_labels" in one.gaps:
            continue
        labels = one.pod_labels
        # Pods of one workload mostly share one mapping: then it need not be looked into again.
        if (one.namespace, id(labels)) not in met:
            met.add((one.namespace, id(labels)))
            found.setdefault(one.namespace, set()).add(tuple(sorted(labels.items())))
    return {namespace: frozenset(sets) for namespace, sets in found.items()}


Bearers = tuple[PodBearer, ...]


def _each(build: Callable[[Bearers], T]) -> Mapping[type[PodBearer], Callable[[Bearers], T]]:
    """A builder of its own for each family: a view keeps indexes by their builder."""

    def own() -> Callable[[Bearers], T]:
        return lambda bearers: build(bearers)

    return {family: own() for family in LIVING}


BUSY = _each(_busy)
LABEL_SETS = _each(_label_sets)
