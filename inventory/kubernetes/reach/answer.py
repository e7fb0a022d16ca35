"""The answers: may this pod reach that one, who may reach it, and what may it reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from inventory.gap import Unread
from inventory.kubernetes.cluster import Cluster, KubeNode, Namespace
from inventory.kubernetes.cni import Plugin, enforcer, plugins
from inventory.kubernetes.policies import NetworkPolicy
from inventory.kubernetes.reach.classes import Alike, PodClass, has_ended, pod_classes
from inventory.kubernetes.reach.endpoints import (
    Endpoint,
    Labels,
    addresses,
    endpoint_of,
    local_dns,
    namespace_labels,
    node_endpoint,
)
from inventory.kubernetes.reach.foreign import foreign
from inventory.kubernetes.reach.ports import ALL, ANY, NONE, NOTHING, UNSURE, Bounds
from inventory.kubernetes.reach.result import ANYWHERE, Decision, Line, Reach
from inventory.kubernetes.reach.rules import Block, Compiled, allows, compiled, matches, meets
from inventory.kubernetes.workloads import DaemonSet, Pod, PodBearer
from inventory.resource import Kind, ResourceKey
from inventory.snapshot import Snapshot

End = PodBearer | KubeNode | Endpoint | str


class Matrix:
    """Who may reach whom in a namespace: rows reach columns. A cell is worked out when it is looked at."""

    def __init__(self, reachability: Reachability, members: Sequence[PodClass]) -> None:
        self._reachability = reachability
        self.members = tuple(members)
        self._cells: dict[tuple[int, int], Bounds] = {}

    def cell(self, row: int, column: int) -> Bounds:
        """The ports on which a member may reach another one; on the diagonal, one pod of it another pod.

        Pods on the nodes' networks count as nodes, and here as other nodes than the other end's.
        """
        found = self._cells.get((row, column))
        if found is None:
            ends = self.members[row].endpoint, self.members[column].endpoint
            found = self._cells[row, column] = self._reachability.between(*ends, apart=True)
        return found


class Reachability:
    """All answers about one cluster at one moment. `plugin` is what enforces policies, or does not.

    `caveats` are what the answers leave out, for people. Raises `Unread` where pods or policies may not be read.
    """

    def __init__(self, snapshot: Snapshot, source: str) -> None:
        self._snapshot, self.source = snapshot, source
        self._policies: dict[str, list[Compiled]] = {}
        for policy in snapshot.require(NetworkPolicy, source):
            self._policies.setdefault(policy.namespace, []).append(compiled(policy))
        self._pods = snapshot.require(Pod, source)
        self._namespaces = _namespaces(snapshot, source)
        self._nodes = {node.name: node_endpoint(node) for node in snapshot.of(KubeNode, source)}
        sets = tuple(snapshot.of(DaemonSet, source))
        self.plugin: Plugin = enforcer(plugins(sets))
        self._on_each_node = addresses(local_dns(sets))
        self.foreign = foreign(snapshot, source)
        self._selecting: dict[tuple[Endpoint, bool], tuple[list[Compiled], list[Compiled]]] = {}
        self._classes: tuple[PodClass, ...] | None = None

    @property
    def classes(self) -> tuple[PodClass, ...]:
        """Pods alike, by workload."""
        if self._classes is None:
            alike = Alike(one for them in self._policies.values() for one in them)
            self._classes = pod_classes(self._snapshot, self.source, self._pods, alike, self._namespaces)
        return self._classes

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the answers leave out, for people."""
        found = []
        if self.plugin.enforces is False:
            found.append(f"{self.plugin.name} does not enforce NetworkPolicies: they change nothing")
        elif self.plugin.enforces is None:
            found.append(f"whether NetworkPolicies are enforced is not known ({self.plugin.name or self.plugin.why})")
        if self.foreign:
            names = [*self.foreign.wide, *(name for them in self.foreign.by_namespace.values() for name in them)]
            names += [str(self.foreign.unread)] if self.foreign.unread is not None else []
            found.append(f"not taken into account: {', '.join(names)}")
        clusters = self._snapshot.of(Cluster, self.source)
        if any("namespaces" not in one.gaps and one.namespaces for one in clusters):
            found.append("other namespaces were not read")
        return tuple(found)

    # -- one connection -----------------------------------------------------------------------------------------

    def end(self, given: End) -> Endpoint:
        """Whatever can be one: a pod, a workload, a node, or an address as text, which may be that of a pod or node."""
        if isinstance(given, Endpoint):
            return given
        if isinstance(given, PodBearer):
            return endpoint_of(given, self._labels(given.namespace))
        if isinstance(given, KubeNode):
            return node_endpoint(given)
        (address,) = addresses((given,)) or (None,)
        if address is None:
            raise ValueError(f"not an address: {given!r}")
        for pod in self._pods:
            found = endpoint_of(pod, self._labels(pod.namespace))
            if address in found.addresses and not found.host_network and not has_ended(pod):
                return found
        for node in self._nodes.values():
            if address in node.addresses:
                return node
        return Endpoint(addresses=(address,))

    def allowed(self, source: End, destination: End, protocol: str, port: int) -> Decision:
        """Whether a connection to this port is let through on its way out and on its way in."""
        if any(isinstance(one, Pod) and has_ended(one) for one in (source, destination)):
            return Decision(Reach.DENIED, "the pod has ended")
        here, there = self.end(source), self.end(destination)
        free = self._free(here, there)
        if free:
            return Decision(Reach.ALLOWED, free)
        families = _families(here, there)
        if not families:
            return Decision(Reach.DENIED, "they have no address family in common")
        decisions = [self._decide(here, there, family, protocol, port) for family in families]
        order = (Reach.ALLOWED, Reach.UNKNOWN, Reach.DENIED)
        return min(decisions, key=lambda one: order.index(one.reach))

    def between(self, source: Endpoint, destination: Endpoint, *, apart: bool = False) -> Bounds:
        """Every port on which the one may reach the other; `apart`: two pods alike, not one and the same."""
        if self._free(source, destination, apart=apart):
            return ALL
        found = NONE
        for family in _families(source, destination):
            out = self._side(source, destination, True, family)
            found |= out & self._side(destination, source, False, family) if out.possible else NONE
        if not apart and _perhaps_own_node(source, destination):
            return Bounds(found.certain, ANY)
        return found

    # -- condensed for screens ----------------------------------------------------------------------------------

    def reaching(self, bearer: PodBearer) -> tuple[Line, ...]:
        """Who may reach a pod, or a workload's pods: outside, nodes, then namespaces. Nobody twice."""
        return self._lines(self.end(bearer), inward=True)

    def reachable(self, bearer: PodBearer) -> tuple[Line, ...]:
        """What it may reach."""
        return self._lines(self.end(bearer), inward=False)

    def matrix(self, namespace: str) -> Matrix:
        """Workload by workload within a namespace."""
        return Matrix(self, [one for one in self.classes if one.namespace == namespace])

    def isolating(self, bearer: PodBearer) -> tuple[tuple[NetworkPolicy, ...], tuple[NetworkPolicy, ...]]:
        """The policies that isolate it on the way in, and on the way out; () in a direction: nothing does."""
        end = self.end(bearer)
        ways = (self._of(end, False)[0], self._of(end, True)[0])
        return tuple(one.policy for one in ways[0]), tuple(one.policy for one in ways[1])

    def _lines(self, end: Endpoint, *, inward: bool) -> tuple[Line, ...]:
        lines = list(self._outside(end, inward))
        lines += self._of_nodes(end, inward)
        namespaces: dict[str, dict[Bounds, list[PodClass]]] = {}
        for one in self.classes:
            if one.endpoint.host_network:
                continue  # seen as its node, of which there is a line
            if one.pods == (end.key,):
                continue  # itself
            ends = (one.endpoint, end) if inward else (end, one.endpoint)
            bounds = self.between(*ends, apart=True)
            namespaces.setdefault(one.namespace, {}).setdefault(bounds, []).append(one)
        for namespace, found in sorted(namespaces.items()):
            for bounds, them in sorted(found.items(), key=lambda item: str(item[0])):
                if bounds.possible:
                    who = tuple(dict.fromkeys(one.workload for one in them))
                    pods = sum(len(one.pods) for one in them)
                    lines.append(Line(bounds, namespace, who, pods, everyone=len(found) == 1))
        return tuple(lines)

    def _outside(self, end: Endpoint, inward: bool) -> Iterator[Line]:
        """Addresses as the rules name them; a pod that no policy isolates is open to any."""
        nowhere = Endpoint()
        destination = end if inward else nowhere
        if self.plugin.enforces is False or not (self._doubt(end) or any(self._of(end, not inward))):
            yield Line(ALL, outside=ANYWHERE)
            return
        if self._doubt(end):
            yield Line(UNSURE, outside=ANYWHERE)
            return
        found: dict[str, Bounds] = {}
        certain, perhaps = self._of(end, not inward)
        for policy in (*certain, *perhaps):
            for rule in (policy.ingress if inward else policy.egress) or ():
                bounds = allows(rule, destination)
                if not certain or policy in perhaps:
                    bounds = Bounds(NOTHING, bounds.possible)
                texts = [ANYWHERE] if rule.peers is None else [_written(one) for one in rule.blocks if one is not None]
                for text in texts:
                    found[text] = found.get(text, NONE) | bounds
        yield from (Line(bounds, outside=text) for text, bounds in sorted(found.items()) if bounds.possible)

    def _of_nodes(self, end: Endpoint, inward: bool) -> Iterator[Line]:
        if end.host_network:
            yield Line(ALL, who=tuple(node.key for node in self._nodes.values() if node.key is not None), everyone=True)
            return
        yield Line(ALL, own_node=True)
        found: dict[Bounds, list[ResourceKey]] = {}
        for node in self._nodes.values():
            if node.node == end.node or node.key is None:
                continue
            elsewhere = msgspec.structs.replace(end, node="")
            ends = (node, elsewhere) if inward else (elsewhere, node)
            found.setdefault(self.between(*ends, apart=True), []).append(node.key)
        for bounds, keys in found.items():
            if bounds.possible:
                yield Line(bounds, who=tuple(keys), everyone=len(found) == 1)

    # -- one direction ------------------------------------------------------------------------------------------

    def _labels(self, namespace: str) -> Labels:
        return namespace_labels(namespace, self._namespaces)

    def _free(self, source: Endpoint, destination: Endpoint, *, apart: bool = False) -> str:
        """Why no policy can stop it, if so."""
        if self.plugin.enforces is False:
            return f"{self.plugin.name} does not enforce NetworkPolicies"
        if not apart and source.key is not None and source.key == destination.key:
            return "no policy keeps a pod from itself"
        if _same_node(source, destination):
            return "no policy stops traffic between a pod and its own node"
        if any(address in self._on_each_node for address in destination.addresses):
            return "the DNS cache on its own node answers there"
        return ""

    def _of(self, end: Endpoint, outward: bool) -> tuple[list[Compiled], list[Compiled]]:
        """The policies that isolate it in a direction: for certain, and perhaps."""
        if not end.namespace or end.host_network:
            return [], []
        found = self._selecting.get((end, outward))
        if found is None:
            found = self._selecting[end, outward] = ([], [])
            for one in self._policies.get(end.namespace, ()):
                if (one.egress if outward else one.ingress) is None:
                    continue
                answer = None if one.unread is not None else meets(one.selector, end.labels)
                if answer is not False:
                    found[0 if answer else 1].append(one)
        return found

    def _doubt(self, end: Endpoint) -> tuple[str, ...]:
        """Policies of other kinds that may decide about it."""
        return self.foreign.about(end.namespace) if end.namespace and not end.host_network else ()

    def _side(self, own: Endpoint, other: Endpoint, outward: bool, family: int | None) -> Bounds:
        """What one end's policies let through."""
        if self._doubt(own):
            return UNSURE
        certain, perhaps = self._of(own, outward)
        if not certain and not perhaps:
            return ALL
        destination = other if outward else own
        found = NONE
        for one in certain:
            found |= _allowed_by(one, outward, other, destination, family)
        if not certain:
            return UNSURE
        for one in perhaps:
            allowed = ANY if one.unread else _allowed_by(one, outward, other, destination, family).possible
            found |= Bounds(NOTHING, allowed)
        return found

    def _decide(
        self, source: Endpoint, destination: Endpoint, family: int | None, protocol: str, port: int
    ) -> Decision:
        allowing: list[ResourceKey] = []
        stopping: list[ResourceKey] = []
        ways: list[str] = []
        doubts: list[str] = []
        for own, other, outward, way in (
            (source, destination, True, "on its way out"),
            (destination, source, False, "on its way in"),
        ):
            bounds = self._side(own, other, outward, family)
            certain, perhaps = self._of(own, outward)
            if not bounds.possible.holds(protocol, port):
                stopping += [one.policy.key for one in certain]
                ways.append(way)
            elif not bounds.certain.holds(protocol, port):
                doubts += self._doubt(own) or _reasons(perhaps)
            else:
                end = other if outward else own
                rules = (
                    one
                    for one in certain
                    if _allowed_by(one, outward, other, end, family).certain.holds(protocol, port)
                )
                allowing += [one.policy.key for one in rules]
        if (ways or doubts) and _perhaps_own_node(source, destination):
            return Decision(Reach.UNKNOWN, "it is not known whether the pod is on that node")
        if ways:
            names = ", ".join(f"NetworkPolicy {key.id}" for key in stopping)
            return Decision(
                Reach.DENIED, f"no rule allows it {' and '.join(ways)}: isolated by {names}", tuple(stopping)
            )
        if doubts:
            return Decision(Reach.UNKNOWN, "; ".join(dict.fromkeys(doubts)))
        if not allowing:
            return Decision(Reach.ALLOWED, "no policy isolates either end")
        names = ", ".join(f"NetworkPolicy {key.id}" for key in allowing)
        return Decision(Reach.ALLOWED, f"allowed by {names}", tuple(allowing))


def reachability(snapshot: Snapshot, source: str) -> Reachability:
    """The answers about a cluster, kept until something that they rest on changes. Raises `Unread` as they do."""
    state = tuple(snapshot.by_kind.get(kind) for kind in _RESTS_ON)
    gaps = tuple(snapshot.gaps.get((source, kind)) for kind in _RESTS_ON)
    kept = _KEPT.get(source)
    if kept is None or kept[1] != gaps or any(a is not b for a, b in zip(kept[0], state, strict=True)):
        kept = _KEPT[source] = (state, gaps, Reachability(snapshot, source))
    return kept[2]


_RESTS_ON = (
    Kind.POD, Kind.NAMESPACE, Kind.NETWORKPOLICY, Kind.KUBE_NODE, Kind.CUSTOM, Kind.CLUSTER, Kind.DAEMONSET,
    Kind.DEPLOYMENT, Kind.REPLICASET, Kind.STATEFULSET, Kind.JOB, Kind.CRONJOB, Kind.REPLICATIONCONTROLLER,
)  # fmt: skip
_KEPT: dict[str, tuple[tuple[object, ...], tuple[object, ...], Reachability]] = {}


def _allowed_by(one: Compiled, outward: bool, other: Endpoint, destination: Endpoint, family: int | None) -> Bounds:
    found = NONE
    for rule in (one.egress if outward else one.ingress) or ():
        answer = matches(rule, other, family)
        if answer is not False:
            allowed = allows(rule, destination)
            found |= allowed if answer else Bounds(NOTHING, allowed.possible)
    return found


def _families(source: Endpoint, destination: Endpoint) -> tuple[int | None, ...]:
    """Address families that both ends have; None stands for one that is not known."""
    here, there = source.families, destination.families
    if not here or not there:
        return tuple(sorted(here or there)) or (None,)
    return tuple(sorted(here & there))


def _same_node(source: Endpoint, destination: Endpoint) -> bool:
    return bool(source.node) and source.node == destination.node and (source.is_node or destination.is_node)


def _perhaps_own_node(source: Endpoint, destination: Endpoint) -> bool:
    """Whether one end is a node and the other a pod of which it is not known where it is."""
    pairs = ((source, destination), (destination, source))
    return any(
        node.is_node and not pod.is_node and pod.namespace and not (node.node and pod.node) for node, pod in pairs
    )


def _reasons(perhaps: Iterable[Compiled]) -> list[str]:
    unread = [str(one.unread) for one in perhaps if one.unread is not None]
    return unread or ["labels or addresses that a rule goes by are not known"]


def _written(block: Block) -> str:
    if block.network is None:
        return "an address block that is none"
    less = ", ".join(map(str, block.exceptions))
    return f"{block.network} except {less}" if less else str(block.network)


def _namespaces(snapshot: Snapshot, source: str) -> dict[str, Namespace] | None:
    try:
        return {one.name: one for one in snapshot.require(Namespace, source)}
    except Unread:
        return None
