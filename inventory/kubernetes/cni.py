"""Which network plugin a cluster has, told by its DaemonSets, and whether that enforces NetworkPolicies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from inventory.kubernetes.podspec import PodContainer
from inventory.kubernetes.workloads import DaemonSet
from inventory.resource import ResourceKey


class Plugin(msgspec.Struct, frozen=True):
    """`enforces` None: depends on what cannot be seen from here. `why` says what it was told by."""

    name: str
    version: str
    enforces: bool | None
    why: str = ""
    key: ResourceKey | None = None


Judge = Callable[[tuple[PodContainer, ...], str], tuple[bool | None, str]]
_KINDNET_ENFORCES = 20240813  # the first kindnetd with a policy controller, of kind 0.24.0


def _always(_containers: tuple[PodContainer, ...], _version: str) -> tuple[bool | None, str]:
    return True, ""


def _never(_containers: tuple[PodContainer, ...], _version: str) -> tuple[bool | None, str]:
    return False, ""


def _weave(containers: tuple[PodContainer, ...], _version: str) -> tuple[bool | None, str]:
    if any("weave-npc" in one.image for one in containers):
        return True, "with its policy controller weave-npc"
    return False, "without its policy controller weave-npc"


def _aws(containers: tuple[PodContainer, ...], _version: str) -> tuple[bool | None, str]:
    agent = [one for one in containers if "network-policy-agent" in one.image]
    if not agent:
        return False, "without its network policy agent"
    if any(_flag(one, "enable-network-policy", "false") == "true" for one in agent):
        return True, "its agent has --enable-network-policy=true"
    return False, "its agent has not --enable-network-policy=true"


def _kube_router(containers: tuple[PodContainer, ...], _version: str) -> tuple[bool | None, str]:
    if any(_flag(one, "run-firewall", "true") == "false" for one in containers):
        return False, "--run-firewall=false"
    return True, ""


def _kindnet(_containers: tuple[PodContainer, ...], version: str) -> tuple[bool | None, str]:
    built = re.match(r"v?(20\d{6})", version)
    if built is None:
        return None, "whose version does not tell whether it has a policy controller"
    return int(built.group(1)) >= _KINDNET_ENFORCES, "which enforces policies since kind 0.24.0"


def _optional(_containers: tuple[PodContainer, ...], _version: str) -> tuple[bool | None, str]:
    return None, "which enforces policies only when told to"


# By the image of a container, the first that fits; what enforces for another plugin comes before that.
_KNOWN: tuple[tuple[re.Pattern[str], str, Judge], ...] = tuple(
    (re.compile(pattern), name, judge)
    for pattern, name, judge in (
        (r"(^|/)kube-network-policies$", "kube-network-policies", _always),
        (r"(^|/)(calico/node|(mirrored-|hardened-)?calico(-node)?)$", "Calico", _always),
        (r"(^|/)(mirrored-)?cilium(-cilium)?$|(^|/)cilium/cilium", "Cilium", _always),
        (r"(^|/)antrea-(agent|ubuntu|ubi)[^/]*$", "Antrea", _always),
        (r"(^|/)ovn-?kube[^/]*$|(^|/)ovn-kubernetes[^/]*$", "OVN-Kubernetes", _always),
        (r"(^|/)kube-ovn$", "Kube-OVN", _always),
        (r"(^|/)azure-npm$", "Azure Network Policy Manager", _always),
        (r"(^|/)openshift-sdn[^/]*$", "OpenShift SDN", _always),
        (r"(^|/)romana-agent$", "Romana", _always),
        (r"(^|/)kube-router$", "kube-router", _kube_router),
        (r"(^|/)weave-kube$", "Weave Net", _weave),
        (r"(^|/)amazon-k8s-cni$", "Amazon VPC CNI", _aws),
        (r"(^|/)kindnetd$", "kindnet", _kindnet),
        (r"(^|/)terway$", "Terway", _optional),
        (r"(^|/)(mirrored-flannelcni-|mirrored-|hardened-)?flannel$", "flannel", _never),
        (r"(^|/)azure-cns$", "Azure CNI", _never),
    )
)


def plugins(sets: tuple[DaemonSet, ...]) -> tuple[Plugin, ...]:
    """The network plugins among the DaemonSets; several where one routes and another one enforces."""
    found: dict[str, Plugin] = {}
    for one in sets:
        if "pod_spec" in one.gaps:
            continue
        containers = one.pod_spec.containers
        for container in containers:
            name, version = _image(container.image)
            for pattern, called, judge in _KNOWN:
                if pattern.search(name):
                    enforces, why = judge(containers, version)
                    found.setdefault(called, Plugin(called, version, enforces, why, one.key))
                    break
    return tuple(found.values())


def enforcer(found: Iterable[Plugin]) -> Plugin:
    """The one that decides whether policies count. Without a known one, nobody knows."""
    known = sorted(found, key=lambda one: (one.enforces is not True, one.enforces is not None, one.name))
    return known[0] if known else Plugin("", "", None, "no known network plugin among the DaemonSets")


def _image(reference: str) -> tuple[str, str]:
    name, _, _ = reference.partition("@")
    before, colon, tag = name.rpartition(":")
    return (before, tag) if colon and "/" not in tag else (name, "")


def _flag(container: PodContainer, name: str, default: str) -> str:
    for one in (*container.command, *container.args):
        flag, equals, value = one.lstrip("-").partition("=")
        if flag == name:
            return value if equals else "true"
    return default
