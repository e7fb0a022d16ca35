"""An example at least of every kind there is, so that what must hold for all of them is asked of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from inventory.kubernetes.configuration import KubeEvent
from inventory.kubernetes.node_files import KubeHost
from inventory.kubernetes.opening import KUBELET, Answer, Opening
from inventory.resource import ENGINE_KINDS, Kind, Resource, ResourceKey
from inventory.sources.kubernetes.objects import translate
from tests.checks.builders import changed
from tests.checks.kubernetes.cases_kubelet import kubelet, machine
from tests.checks.kubernetes.objects import written
from tests.checks.kubernetes.surroundings import policy
from tests.kubernetes.captured import DATA, NOW, SOURCE, objects
from tests.tui.cluster import filled, judged
from tests.tui.world import world
from tui.picture import Picture

__all__ = ["KINDS", "cluster_of_every_kind", "example", "examples", "found_in", "picture_of"]

KINDS = tuple(kind for kind in Kind if kind is not Kind.VOLUME)  # no volumes were captured
WARNINGS = "GET_api_v1_events__fieldSelector=type=Warning_limit=150.json"
_TELLING: Mapping[Kind, str] = {  # of the recorded objects, those that the screen has most to say about
    Kind.POD: "prod/payments-7d89c76d5-jglnm",
    Kind.DEPLOYMENT: "prod/payments",
    Kind.KUBE_NODE: "worker-3",
    Kind.KUBE_SERVICE: "prod/storefront",
    Kind.INGRESS: "prod/shop",
    Kind.SERVICEACCOUNT: "prod/payments",
}


class _List(msgspec.Struct):
    items: list[msgspec.Raw]


def _warnings() -> list[Resource]:
    recorded = msgspec.json.decode((DATA / WARNINGS).read_bytes(), type=_List)
    return [translate(KubeEvent, raw, SOURCE, NOW, api_version="v1") for raw in recorded.items]


def _template() -> Resource:
    return written("""
apiVersion: v1
kind: PodTemplate
metadata: {name: worker, namespace: prod}
template:
  metadata: {labels: {app: worker}}
  spec: {containers: [{name: app, image: "registry.example/worker:1", securityContext: {privileged: true}}]}
""")


def _opening() -> Opening:
    address = "10.10.0.11"
    return Opening.build(
        key=ResourceKey(Kind.OPENING, SOURCE, f"{KUBELET}/{address}"),
        name=f"{KUBELET}/{address}",
        observed_at=NOW,
        component=KUBELET,
        address=address,
        node="worker-1",
        answers=(Answer(f"https://{address}:10250/pods", 401), Answer(f"http://{address}:10255/pods", 200)),
    )


def _machine() -> KubeHost:
    return changed(machine(), key=ResourceKey(Kind.KUBE_HOST, SOURCE, "cp-1"))


def unrecorded() -> list[Resource]:
    """What was not there when the cluster was recorded, or is not read from its API server."""
    wide = policy("cilium.io/v2", "CiliumClusterwideNetworkPolicy", {"endpointSelector": {}})
    return [*_warnings(), _template(), wide, kubelet(), _machine(), _opening()]


@cache
def cluster_of_every_kind() -> Picture:
    """The recorded cluster and what it lacks, judged by every check."""
    return judged(filled([*objects(), *unrecorded()]))


def picture_of(kind: Kind) -> Picture:
    """The one of the two worlds that has resources of this kind: the captured host, or the recorded cluster."""
    return world() if kind in ENGINE_KINDS else cluster_of_every_kind()


def found_in(picture: Picture, kind: Kind) -> list[Resource]:
    """Its resources of a kind, the most telling one first."""
    best = _TELLING.get(kind)
    return sorted(picture.snapshot.by_kind[kind].values(), key=lambda resource: resource.key.id != best)


def examples(kind: Kind) -> list[Resource]:
    """Resources of a kind, the most telling one first."""
    return found_in(picture_of(kind), kind)


def example(kind: Kind) -> Resource:
    """The first of them."""
    return examples(kind)[0]
