"""What lives in a namespace, and how it stands to the Pod Security Standards: one small entry per namespace.

Made anew whenever a pod changes, so it asks of each object no more than its spec, which thousands share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

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


Builder = Callable[[tuple[PodBearer, ...]], Mapping[str, Inhabitants]]


def _builder() -> Builder:
    """A function of its own for each family, as indexes are kept under the function that makes them."""

    def build(bearers: tuple[PodBearer, ...]) -> Mapping[str, Inhabitants]:
        counts: dict[str, int] = {}
        refused: dict[str, tuple[list[str], list[str]]] = {}
        gaps: dict[str, Gap] = {}
        for bearer in bearers:
            namespace, spec = bearer.peek("namespace"), bearer.peek("pod_spec")
            if isinstance(namespace, Gap) or _made_by_another(bearer):
                continue
            counts[namespace] = counts.get(namespace, 0) + 1
            if isinstance(spec, Gap):
                gaps[namespace] = spec
                continue
            standing = level(spec).level
            if standing is not Level.RESTRICTED:
                baseline, restricted = refused.setdefault(namespace, ([], []))
                restricted.append(bearer.name)
                if standing is Level.PRIVILEGED:
                    baseline.append(bearer.name)
        found = {}
        for namespace, count in counts.items():
            baseline, restricted = refused.get(namespace, ([], []))
            found[namespace] = Inhabitants(count, _violators(baseline), _violators(restricted), gaps.get(namespace))
        return found

    return build


def _made_by_another(bearer: PodBearer) -> bool:
    """Whether what made it stands for it: a Deployment for its ReplicaSets. Pods count themselves."""
    if isinstance(bearer, Pod):
        return False
    owners = bearer.peek("owners")
    return not isinstance(owners, Gap) and any(owner.controller for owner in owners)


_BUILDERS: Mapping[type[PodBearer], Builder] = {family: _builder() for family in BEARERS}


def inhabitants(view: View, namespace: str) -> dict[str, Inhabitants]:
    """What lives in a namespace, by the word for its family; families without any are left out."""
    found = {family: view.index_of(family, _BUILDERS[family], namespace) for family in BEARERS}
    return {family.kind.plural: one for family, one in found.items() if one is not None}
