"""Network policies of other kinds. What they allow and deny is not worked out here; that they exist is told."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from inventory.gap import Gap
from inventory.kubernetes.cluster import Cluster, CustomResource
from inventory.snapshot import Snapshot

_OF_A_NAMESPACE = frozenset(
    {
        ("cilium.io", "CiliumNetworkPolicy"),
        ("crd.projectcalico.org", "NetworkPolicy"),
        ("projectcalico.org", "NetworkPolicy"),
    }
)
_OF_THE_CLUSTER = frozenset(
    {
        ("cilium.io", "CiliumClusterwideNetworkPolicy"),
        ("crd.projectcalico.org", "GlobalNetworkPolicy"),
        ("projectcalico.org", "GlobalNetworkPolicy"),
        ("policy.networking.k8s.io", "AdminNetworkPolicy"),
        ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
        ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
    }
)
POLICIES = _OF_A_NAMESPACE | _OF_THE_CLUSTER
_MIRRORED = "knp.default."  # Calico's own view of NetworkPolicies


class Foreign(msgspec.Struct, frozen=True):
    """Names of such policies: those about the whole cluster, and by namespace. `unread`: there may be others."""

    wide: tuple[str, ...] = ()
    by_namespace: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    unread: Gap | None = None

    def about(self, namespace: str) -> tuple[str, ...]:
        """What may decide about the pods of a namespace, as people call it."""
        unread = (str(self.unread),) if self.unread is not None else ()
        return (*self.wide, *self.by_namespace.get(namespace, ()), *unread)

    def __bool__(self) -> bool:
        return bool(self.wide or self.by_namespace or self.unread)


def foreign(snapshot: Snapshot, source: str) -> Foreign:
    """The other policies of a cluster."""
    wide: list[str] = []
    by_namespace: dict[str, tuple[str, ...]] = {}
    for one in snapshot.of(CustomResource, source):
        sort = (one.api_group, one.api_object)
        if sort not in POLICIES or one.name.startswith(_MIRRORED):
            continue
        name = f"{one.api_object} {one.namespace}/{one.name}" if one.namespace else f"{one.api_object} {one.name}"
        if sort in _OF_A_NAMESPACE and one.namespace:
            by_namespace[one.namespace] = (*by_namespace.get(one.namespace, ()), name)
        else:
            wide.append(name)
    gap = snapshot.gaps.get((source, CustomResource.kind))
    return Foreign(tuple(wide), by_namespace, gap if gap is not None and _served(snapshot, source) else None)


def _served(snapshot: Snapshot, source: str) -> bool:
    """Whether the cluster has such a kind at all; where it has not said, it may."""
    clusters = [one for one in snapshot.of(Cluster, source) if "resources" not in one.gaps]
    return not clusters or any((one.group, one.kind) in POLICIES for each in clusters for one in each.resources)
