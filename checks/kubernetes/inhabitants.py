"""What lives in a namespace, and how it stands to the Pod Security Standards: one small entry per namespace.

Made anew for a namespace whenever a pod of it changes, so it asks of each no more than its spec, which many share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from checks.kubernetes.by_namespace import Builder, by_namespace
from checks.kubernetes.references import BEARERS
from checks.kubernetes.standards import Level, level
from checks.view import View
from inventory.gap import Gap
from inventory.kubernetes.workloads import Pod, PodBearer

_NAMES = 5


class Violators(msgspec.Struct, frozen=True):
    """How many a level would refuse, and the names of the first few."""

    count: int = 0
    names: tuple[str, ...] = ()


class Inhabitants(msgspec.Struct, frozen=True):
    """Objects of one family in a namespace; `unread`: the spec of one could not be read."""

    count: int = 0
    baseline: Violators = Violators()
    restricted: Violators = Violators()
    unread: Gap | None = None

    def against(self, wanted: Level) -> Violators:
        """Those that enforcing this level would refuse."""
        return self.baseline if wanted is Level.BASELINE else self.restricted


def _violators(names: Iterable[str]) -> Violators:
    found = sorted(names)
    return Violators(len(found), tuple(found[:_NAMES]))


def _inhabitants(bearers: list[PodBearer]) -> Inhabitants:
    baseline: list[str] = []
    restricted: list[str] = []
    count, unread = 0, None
    for bearer in bearers:
        if _made_by_another(bearer):
            continue
        count += 1
        spec = bearer.peek("pod_spec")
        if isinstance(spec, Gap):
            unread = spec
            continue
        standing = level(spec).level
        if standing is not Level.RESTRICTED:
            restricted.append(bearer.name)
            if standing is Level.PRIVILEGED:
                baseline.append(bearer.name)
    return Inhabitants(count, _violators(baseline), _violators(restricted), unread)


def _made_by_another(bearer: PodBearer) -> bool:
    """Whether what made it stands for it: a Deployment for its ReplicaSets. Pods count themselves."""
    if isinstance(bearer, Pod):
        return False
    owners = bearer.peek("owners")
    return not isinstance(owners, Gap) and any(owner.controller for owner in owners)


_BUILDERS: Mapping[type[PodBearer], Builder[Inhabitants]] = {family: by_namespace(_inhabitants) for family in BEARERS}


def inhabitants(view: View, namespace: str) -> dict[str, Inhabitants]:
    """What lives in a namespace, by the word for its family; families without any are left out."""
    found = {family: view.index_of(family, _BUILDERS[family], namespace) for family in BEARERS}
    return {family.kind.plural: one for family, one in found.items() if one is not None and one.count}
