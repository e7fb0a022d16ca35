"""What to read of a cluster, how, and in which order: what people look at first, first."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from inventory.gap import Gap, Reason
from inventory.kubernetes.derived import DERIVED
from inventory.resource import Kind
from inventory.sources.kubernetes.discovery import Discovered
from inventory.sources.kubernetes.kinds import SERVED, ServedKind

LIVE = (
    Kind.NAMESPACE, Kind.KUBE_NODE, Kind.POD, Kind.DEPLOYMENT, Kind.STATEFULSET, Kind.DAEMONSET, Kind.REPLICASET,
    Kind.JOB, Kind.CRONJOB, Kind.EVENT, Kind.KUBE_SERVICE, Kind.ENDPOINTSLICE, Kind.INGRESS,
    Kind.HORIZONTALPODAUTOSCALER, Kind.PODDISRUPTIONBUDGET, Kind.PERSISTENTVOLUMECLAIM, Kind.NETWORKPOLICY,
)  # fmt: skip
"""Kinds that change while somebody looks: each has a watch of its own. The others share a few by turns."""
MOST_LIVE = 48
"""Watches at once; with many namespaces only the first kinds are live in each."""


class Wanted(msgspec.Struct, frozen=True):
    """One list to read: `named` is the kind of a custom one, `live` whether it is watched all the time."""

    served: ServedKind
    version: str
    namespace: str = ""
    named: str = ""
    live: bool = False

    @property
    def kind(self) -> Kind:
        """Of the resources that come of it."""
        return self.served.family.kind

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from others of its kind."""
        return (self.named and f"{self.named}.{self.served.group}", self.namespace)


def wanted(found: Discovered, namespaces: tuple[str, ...]) -> list[Wanted]:
    """Every list, the most urgent first."""
    order = {kind: at for at, kind in enumerate(LIVE)}
    lists: list[Wanted] = []
    for served in sorted(SERVED, key=lambda one: order.get(one.family.kind, len(order))):
        version = found.find(served)
        if not version and not found.complete and served.group in found.stale:
            version = served.versions[0]  # nobody could say whether it is there: asking tells
        if version:
            lists += _placed(served, version, "", namespaces)
    for served, version, named in found.custom():
        lists += _placed(served, version, named, namespaces)
    live = 0
    for at, one in enumerate(lists):
        if one.kind in order and live < MOST_LIVE:
            lists[at] = msgspec.structs.replace(one, live=True)
            live += 1
    return lists


def _placed(served: ServedKind, version: str, named: str, namespaces: tuple[str, ...]) -> Iterator[Wanted]:
    for namespace in namespaces if served.namespaced and namespaces else ("",):
        yield Wanted(served, version, namespace, named)


def unserved(found: Discovered) -> dict[Kind, Gap | None]:
    """What to say of kinds that will not be read: nothing where a cluster need not have them."""
    gaps: dict[Kind, Gap | None] = {}
    for served in SERVED:
        kind, path = served.family.kind, f"GET {served.path(served.versions[0])}"
        if found.find(served) or (not found.complete and served.group in found.stale):
            continue
        if served.group in found.stale:
            gaps[kind] = Gap(Reason.ERROR, path, f"the server of the API group {served.group} does not answer")
        elif served.optional:
            gaps[kind] = None
        else:
            gaps[kind] = Gap(Reason.UNSUPPORTED, path, "not served by this cluster")
    if not any(True for _ in found.custom()):
        gaps[Kind.CUSTOM] = None
    return gaps


def derived(kind: Kind) -> bool:
    """Whether resources of this kind are made from others."""
    return any(one.kind is kind for one in DERIVED)
