"""NetworkPolicies evaluated the slow way, on the JSON, sentence by sentence of the API's documentation.

Written without a look at the program's own evaluation, for one connection between two running pods of one node each.
Quotations are of `networking.k8s.io/v1`.
"""

from __future__ import annotations

import ipaddress
from typing import Any

Json = dict[str, Any]


def reaches(cluster: Json, source: Json, destination: Json, protocol: str, port: int) -> bool:
    """Whether a connection is let through. `cluster` has `namespaces`, `policies`; nodes have the pods' host IPs."""
    if source is destination:
        return True  # "a Pod cannot block access to itself"
    one_node = source["spec"]["nodeName"] == destination["spec"]["nodeName"]
    if one_node and (_host(source) or _host(destination)):
        return True  # "traffic to and from the node where a Pod is running is always allowed"
    for family in (4, 6):
        here = [ip for ip in _ips(source) if ip.version == family]
        there = [ip for ip in _ips(destination) if ip.version == family]
        if here and there and _passes(cluster, source, destination, here[0], there[0], protocol, port):
            return True
    return False


def _passes(cluster: Json, source: Json, destination: Json, here: Any, there: Any, protocol: str, port: int) -> bool:
    out = _direction(cluster, source, destination, there, destination, protocol, port, "Egress")
    return out and _direction(cluster, destination, source, here, destination, protocol, port, "Ingress")


def _direction(
    cluster: Json, own: Json, other: Json, address: Any, destination: Json, protocol: str, port: int, way: str
) -> bool:
    if _host(own):
        return True  # "NetworkPolicy does not apply to hostNetwork pods"
    isolating = []
    for policy in cluster["policies"]:
        if policy["metadata"]["namespace"] != own["metadata"]["namespace"]:
            continue
        if not _selects(policy["spec"].get("podSelector", {}), own["metadata"].get("labels", {})):
            continue
        if way in _types(policy["spec"]):
            isolating.append(policy)
    if not isolating:
        return True  # "by default a pod is non-isolated"
    for policy in isolating:  # "policies do not conflict; they are additive"
        for rule in policy["spec"].get(way.lower()) or []:
            peers = rule.get("to" if way == "Egress" else "from") or []
            if peers and not any(_peer(cluster, policy, peer, other, address) for peer in peers):
                continue
            # "If this field is empty or missing, this rule matches all ports"
            items = rule.get("ports") or []
            if not items or any(_port(item, destination, protocol, port) for item in items):
                return True
    return False


def _types(spec: Json) -> list[str]:
    """ "If no policyTypes are specified then Ingress will always be set and Egress if there are any egress rules."""
    given = spec.get("policyTypes")
    if given:
        return list(given)
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _peer(cluster: Json, policy: Json, peer: Json, other: Json, address: Any) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        if address not in ipaddress.ip_network(block["cidr"]):
            return False
        return all(address not in ipaddress.ip_network(one) for one in block.get("except", []))
    if _host(other):
        return False  # "ignored when matching podSelector and namespaceSelector"
    name = other["metadata"]["namespace"]
    if "namespaceSelector" in peer:
        labels = {**cluster["namespaces"][name], "kubernetes.io/metadata.name": name}
        if not _selects(peer["namespaceSelector"], labels):
            return False
    elif name != policy["metadata"]["namespace"]:
        return False
    return "podSelector" not in peer or _selects(peer["podSelector"], other["metadata"].get("labels", {}))


def _port(item: Json, destination: Json, protocol: str, port: int) -> bool:
    if item.get("protocol", "TCP") != protocol:
        return False
    if "port" not in item:
        return True
    wanted: int | str = item["port"]
    if isinstance(wanted, str):
        if _host(destination):
            return False
        return any(
            one.get("name") == wanted and one.get("protocol", "TCP") == protocol and one["containerPort"] == port
            for container in destination["spec"]["containers"]
            for one in container.get("ports", [])
        )
    last: int = item.get("endPort", wanted)
    return wanted <= port <= last


def _selects(selector: Json, labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for one in selector.get("matchExpressions", []):
        there, value = one["key"] in labels, labels.get(one["key"])
        verdicts = {
            "In": there and value in one.get("values", []),
            "NotIn": not there or value not in one.get("values", []),
            "Exists": there,
            "DoesNotExist": not there,
        }
        if not verdicts[one["operator"]]:
            return False
    return True


def _host(pod: Json) -> bool:
    return bool(pod["spec"].get("hostNetwork"))


def _ips(pod: Json) -> list[Any]:
    return [ipaddress.ip_address(one["ip"]) for one in pod["status"]["podIPs"]]
