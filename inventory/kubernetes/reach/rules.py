"""What a NetworkPolicy's rules match. Three answers: yes, no, and None where it cannot be known."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec

from inventory.gap import Gap
from inventory.kubernetes.part import LabelSelector, LabelSelectorRequirement
from inventory.kubernetes.policies import IpBlock, NetworkPolicy, PolicyPeer, PolicyPort
from inventory.kubernetes.reach.endpoints import Endpoint, Labels
from inventory.kubernetes.reach.ports import ANY, LAST, NOTHING, PROTOCOLS, Bounds, Ports, Range, ports

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Answer = bool | None


class Block(msgspec.Struct, frozen=True):
    """An address block and its exceptions; `network` None: it is not one, which a server would have refused."""

    network: Network | None
    exceptions: tuple[Network, ...] = ()


class Rule(msgspec.Struct, frozen=True, eq=False):
    """One rule of a policy: `peers` None is everybody; `ports` () is every port. `path` names it."""

    policy: NetworkPolicy
    path: str
    peers: tuple[PolicyPeer, ...] | None
    blocks: tuple[Block | None, ...]
    ports: tuple[PolicyPort, ...]


class Compiled(msgspec.Struct, frozen=True, eq=False):
    """A policy ready to be asked. `unread`: nothing is known of what it selects and does."""

    policy: NetworkPolicy
    selector: LabelSelector
    ingress: tuple[Rule, ...] | None  # None: it does not isolate in this direction
    egress: tuple[Rule, ...] | None
    unread: Gap | None = None


def compiled(policy: NetworkPolicy) -> Compiled:
    """The policy, its defaults filled in: no types are Ingress, and Egress where it has rules for it."""
    spec = policy.peek("spec")
    if isinstance(spec, Gap):
        return Compiled(policy, LabelSelector(), (), (), spec)
    types = spec.policy_types or (("Ingress", "Egress") if spec.egress else ("Ingress",))
    ingress = [(f"spec.ingress[{at}]", rule.from_, rule.ports) for at, rule in enumerate(spec.ingress)]
    egress = [(f"spec.egress[{at}]", rule.to, rule.ports) for at, rule in enumerate(spec.egress)]
    return Compiled(
        policy,
        spec.pod_selector,
        tuple(_rule(policy, *one) for one in ingress) if "Ingress" in types else None,
        tuple(_rule(policy, *one) for one in egress) if "Egress" in types else None,
    )


def _rule(policy: NetworkPolicy, path: str, peers: tuple[PolicyPeer, ...], allowed: tuple[PolicyPort, ...]) -> Rule:
    blocks = tuple(block(one.ip_block) if one.ip_block is not None else None for one in peers)
    return Rule(policy, path, peers or None, blocks, allowed)


def block(given: IpBlock) -> Block:
    """The block as networks."""
    try:
        network = ipaddress.ip_network(given.cidr, strict=False)
        return Block(network, tuple(ipaddress.ip_network(one, strict=False) for one in given.except_))
    except ValueError:
        return Block(None)


def meets(selector: LabelSelector, labels: Labels) -> Answer:
    """Whether the selector matches; None where it depends on labels that are not known, or makes no sense."""
    answers = [_has(labels, key, (value,)) for key, value in selector.match_labels.items()]
    answers += [_requirement(one, labels) for one in selector.match_expressions]
    return _every(answers)


def _requirement(one: LabelSelectorRequirement, labels: Labels) -> Answer:
    known = labels.known.get(one.key)
    match one.operator:
        case "In":
            return _has(labels, one.key, one.values)
        case "NotIn":
            return _negated(_has(labels, one.key, one.values))
        case "Exists" | "DoesNotExist":
            there = True if known is not None else False if labels.complete else None
            return there if one.operator == "Exists" else _negated(there)
    return None


def _has(labels: Labels, key: str, values: tuple[str, ...]) -> Answer:
    known = labels.known.get(key)
    if known is None:
        return False if labels.complete else None
    return known in values


def _negated(answer: Answer) -> Answer:
    return None if answer is None else not answer


def _every(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return False if False in found else None if None in found else True


def _some(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return True if True in found else None if None in found else False


def matches(rule: Rule, other: Endpoint, family: int | None) -> Answer:
    """Whether the other end of a connection over this address family is among the rule's peers."""
    if rule.peers is None:
        return True
    return _some(
        _peer(one, found, rule.policy.namespace, other, family)
        for one, found in zip(rule.peers, rule.blocks, strict=True)
    )


def _peer(peer: PolicyPeer, found: Block | None, own: str, other: Endpoint, family: int | None) -> Answer:
    pods, namespaces = peer.pod_selector, peer.namespace_selector
    if found is not None:
        # A block together with selectors is refused by the server.
        return None if pods is not None or namespaces is not None else within(found, other, family)
    if pods is None and namespaces is None:
        return None
    if not other.namespace or other.host_network:
        return False  # seen as its node or as an address, which selectors do not match
    where = meets(namespaces, other.namespace_labels) if namespaces is not None else other.namespace == own
    which = meets(pods, other.labels) if pods is not None else True
    return _every((where, which))


def within(found: Block, other: Endpoint, family: int | None) -> Answer:
    """Whether its address of this family is in the block; None where it has none that is known."""
    if found.network is None or not other.addresses:
        return None
    return any(
        address in found.network and not any(address in exception for exception in found.exceptions)
        for address in other.of(family if family is not None else found.network.version)
    )


def allows(rule: Rule, destination: Endpoint) -> Bounds:
    """The ports that a rule allows at a destination, whose container ports give names their numbers."""
    if not rule.ports:
        return Bounds(ANY, ANY)
    certain: list[Range] = []
    possible: list[Range] = []
    for one in rule.ports:
        sure, perhaps = _port(one, destination)
        certain += sure.ranges
        possible += (*sure.ranges, *perhaps.ranges)
    return Bounds(ports(certain), ports(possible))


def _port(one: PolicyPort, destination: Endpoint) -> tuple[Ports, Ports]:
    protocol = one.protocol or "TCP"
    if protocol not in PROTOCOLS:
        return NOTHING, ANY
    whole = Ports(((protocol, 1, LAST),))
    if one.port is None:
        return (NOTHING, whole) if one.end_port else (whole, NOTHING)
    if isinstance(one.port, str):
        if one.end_port or destination.names is None:
            return NOTHING, whole
        return ports((protocol, port, port) for port in destination.names.get((protocol, one.port), ())), NOTHING
    last = one.end_port or one.port
    if not 1 <= one.port <= last <= LAST:
        return NOTHING, whole
    return Ports(((protocol, one.port, last),)), NOTHING
