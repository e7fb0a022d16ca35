"""Who lives in a namespace: labels of its pods and of the templates that make some."""

from __future__ import annotations

from collections.abc import Mapping

from checks.kubernetes.by_namespace import Builder, by_namespace
from inventory.kubernetes.workloads import CronJob, DaemonSet, Deployment, Job, Pod, PodBearer, StatefulSet

LIVING: tuple[type[PodBearer], ...] = (Pod, Deployment, StatefulSet, DaemonSet, Job, CronJob)
"""Pods first, which mostly are there. What a Deployment makes has its labels."""
Labels = tuple[tuple[str, str], ...]


def _busy(bearers: list[PodBearer]) -> bool:
    """Whether any is on the pod network."""
    return any("pod_spec" in one.gaps or not one.pod_spec.host_network for one in bearers)


def _label_sets(bearers: list[PodBearer]) -> frozenset[Labels]:
    """The different labels of pods."""
    # Pods of one workload mostly share one mapping: then it need not be looked into again.
    different = {id(one.pod_labels): one.pod_labels for one in bearers if "pod_labels" not in one.gaps}
    return frozenset(tuple(sorted(labels.items())) for labels in different.values())


BUSY: Mapping[type[PodBearer], Builder[bool]] = {family: by_namespace(_busy) for family in LIVING}
LABEL_SETS: Mapping[type[PodBearer], Builder[frozenset[Labels]]] = {
    family: by_namespace(_label_sets) for family in LIVING
}
