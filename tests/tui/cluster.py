"""The recorded cluster as a picture, judged by the real engine, without a thread."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import checks.kubernetes.pod_confinement
import checks.kubernetes.pod_restricted
import checks.kubernetes.pod_security  # noqa: F401 - each registers its checks
from checks.catalogue import catalogue
from checks.check import REGISTRY, Check
from checks.engine import Engine
from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import Access, Cluster
from inventory.kubernetes.derivation import derive, missing
from inventory.kubernetes.derived import DERIVED
from inventory.kubernetes.subjects import SUBJECTS
from inventory.resource import Kind, Resource, ResourceKey
from inventory.snapshot import SourceHealth, Status
from inventory.store import Store
from tests.kubernetes.captured import NOW, SOURCE, objects
from tui.picture import Picture

__all__ = ["NOW", "SOURCE", "clustered", "filled", "judged"]

FEW = ("ORC-101", "ORC-102", "ORC-106", "ORC-116")
SERVER = "https://10.0.0.1:6443"


def cluster(source: str = SOURCE) -> Cluster:
    """The API server as it told about itself."""
    return Cluster.build(
        key=ResourceKey(Kind.CLUSTER, source, "cluster"),
        name=source,
        observed_at=NOW,
        git_version="v1.36.2",
        platform="linux/amd64",
        access=Access("prod-eu", "prod-eu", "admin", "", SERVER, "client-certificate"),
        username="admin",
        groups=("system:masters",),
        resources=(),
        stale=(),
        namespaces=(),
    )


def filled(
    resources: Iterable[Resource] | None = None, gaps: dict[Kind, Gap] | None = None, store: Store | None = None
) -> Store:
    """A store that holds these objects of a cluster (all recorded ones by default) and lacks these kinds."""
    gaps = gaps or {}
    store = store or Store(clock=lambda: NOW)
    by_kind: dict[Kind, list[Resource]] = {Kind.CLUSTER: [cluster()]}
    for one in objects() if resources is None else resources:
        by_kind.setdefault(one.key.kind, []).append(one)
    for derivation in {each.kind: each for each in (*DERIVED, SUBJECTS)}.values():
        lacking = missing(derivation, gaps)
        if lacking is None:
            by_kind[derivation.kind] = list(derive(derivation, by_kind, SOURCE))
        else:
            store.set_gap(SOURCE, derivation.kind, lacking)
    for kind, found in by_kind.items():
        if kind not in gaps:
            store.replace(SOURCE, kind, found)
    for kind, gap in gaps.items():
        store.set_gap(SOURCE, kind, gap)
    store.set_health(SOURCE, SourceHealth("kubernetes", SERVER, Status.OK, version="v1.36.2"))
    store.answered(SOURCE)
    return store


def forbidden(kind: Kind, resource: str) -> dict[Kind, Gap]:
    """What the API server says to somebody who may not list a kind."""
    said = (
        f'{resource} is forbidden: User "viewer" cannot list resource "{resource}" in API group "" at the cluster scope'
    )
    return {kind: Gap(Reason.DENIED, f"GET /api/v1/{resource}", said)}


def judged(store: Store, checks: Iterable[Check] | None = None) -> Picture:
    """What the screen would be given; by all checks there are, or by these."""
    snapshot = store.snapshot()
    return Picture(snapshot, Engine(catalogue() if checks is None else checks).evaluate(snapshot))


def few() -> tuple[Check, ...]:
    """Some checks of pods: pictures of the screen must not change with every check that is added."""
    return tuple(REGISTRY[name] for name in FEW)


@cache
def clustered() -> Picture:
    """The recorded cluster, judged once, by few checks, for all tests that only look at it."""
    return judged(filled(), few())
