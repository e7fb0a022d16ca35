"""The ends of a connection: pods alike, nodes, addresses outside the cluster."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from inventory.kubernetes.cluster import KubeNode, Namespace
from inventory.kubernetes.podspec import PodSpec
from inventory.kubernetes.workloads import DaemonSet, Pod, PodBearer
from inventory.resource import EMPTY, ResourceKey

NO_NAMES: Mapping[tuple[str, str], tuple[int, ...]] = {}

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that the API server gives to every namespace, whatever else it is labelled with."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PortNames = Mapping[tuple[str, str], tuple[int, ...]]


class Labels(msgspec.Struct, frozen=True):
    """Labels as far as they are known: of a namespace that may not be read, its name is."""

    known: Mapping[str, str]
    complete: bool = True


class Endpoint(msgspec.Struct, frozen=True, eq=False):
    """One end of a connection.

    `namespace` "" is no pod: a node, or an address outside. `host_network`: it is on its node's network, where policies
    do not apply and where it is seen as the node, not as a pod with labels and named ports. `node` is the node's name,
    "" when not known. `addresses` may be empty: not known. `names` are the container ports by protocol and name; None:
    not known.
    """

    namespace: str = ""
    namespace_labels: Labels = Labels(EMPTY)
    labels: Labels = Labels(EMPTY)
    addresses: tuple[Address, ...] = ()
    host_network: bool = False
    node: str = ""
    names: PortNames | None = NO_NAMES
    key: ResourceKey | None = None

    @property
    def is_node(self) -> bool:
        """Whether its traffic is the node's own."""
        return self.host_network or (not self.namespace and bool(self.node))

    @property
    def families(self) -> frozenset[int]:
        """Address families that it has."""
        return frozenset(address.version for address in self.addresses)

    def of(self, family: int | None) -> tuple[Address, ...]:
        """Its addresses of one family."""
        return tuple(address for address in self.addresses if address.version == family)


def namespace_labels(name: str, namespaces: Mapping[str, Namespace] | None) -> Labels:
    """Labels of a namespace; of one that is not there, or that may not be read, its name alone is certain."""
    found = namespaces.get(name) if namespaces is not None else None
    if found is None or "labels" in found.gaps:
        return Labels({NAMESPACE_NAME: name}, complete=False)
    return Labels({**found.labels, NAMESPACE_NAME: name})


def endpoint_of(bearer: PodBearer, where: Labels) -> Endpoint:
    """A pod, or what a workload's pods will be; a pod spec that was not read is taken for one on the pod network."""
    spec = bearer.peek("pod_spec")
    labels = bearer.peek("pod_labels")
    pod = bearer if isinstance(bearer, Pod) else None
    on_node = isinstance(spec, PodSpec) and spec.host_network
    return Endpoint(
        namespace=bearer.namespace,
        namespace_labels=where,
        labels=Labels(labels) if isinstance(labels, Mapping) else Labels(EMPTY, complete=False),
        addresses=pod_addresses(pod) if pod is not None else (),
        host_network=on_node,
        node=pod.node_name if pod is not None and "node_name" not in pod.gaps else "",
        names=None if not isinstance(spec, PodSpec) else NO_NAMES if on_node else port_names(spec),
        key=bearer.key,
    )


def pod_addresses(pod: Pod) -> tuple[Address, ...]:
    """The addresses that it has; none before it is set up."""
    if "status" in pod.gaps:
        return ()
    status = pod.status
    return addresses((*(one.ip for one in status.pod_ips), status.pod_ip))


def node_endpoint(node: KubeNode) -> Endpoint:
    """A node: its kubelet, and whatever runs on its network."""
    found = addresses(one.address for one in node.status.addresses) if "status" not in node.gaps else ()
    return Endpoint(addresses=found, node=node.name, key=node.key)


def addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    """Those of the texts that are addresses."""
    found: dict[Address, None] = {}
    for text in texts:
        try:
            found[ipaddress.ip_address(text)] = None
        except ValueError:
            continue
    return tuple(found)


def port_names(spec: PodSpec) -> PortNames:
    """Numbers by protocol and name, of the containers that go on running: init containers only as sidecars."""
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    sidecars = (one for one in spec.init_containers if one.restart_policy == "Always")
    for container in (*spec.containers, *sidecars):
        for port in container.ports:
            if port.name:
                name = (port.protocol or "TCP", port.name)
                found[name] = (*found.get(name, ()), port.container_port)
    return found or NO_NAMES


def local_dns(sets: Iterable[DaemonSet]) -> Iterator[str]:
    """The addresses on which each node's own DNS cache answers (`-localip` of node-local-dns)."""
    for one in sets:
        spec = None if "pod_spec" in one.gaps else one.pod_spec
        for container in spec.containers if spec is not None and spec.host_network else ():
            if "k8s-dns-node-cache" not in container.image:
                continue
            words = (*container.command, *container.args)
            for at, word in enumerate(words):
                name, equals, value = word.lstrip("-").partition("=")
                if name == "localip":
                    yield from (value if equals else words[at + 1] if at + 1 < len(words) else "").split(",")
