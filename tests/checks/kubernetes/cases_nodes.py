"""Cases of nodes."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from checks.verdict import Outcome, Severity
from inventory.gap import Gap, Reason
from inventory.kubernetes.cluster import KubeNode
from inventory.kubernetes.part import Condition
from inventory.resource import Kind
from tests.checks.builders import changed
from tests.checks.cases import Case
from tests.checks.kubernetes.objects import recorded
from tests.checks.kubernetes.surroundings import cluster
from tests.kubernetes.captured import NOW, SOURCE

FAIL, PASS, MANUAL, UNKNOWN = Outcome.FAIL, Outcome.PASS, Outcome.MANUAL, Outcome.UNKNOWN
_NODE = cast("KubeNode", recorded(Kind.KUBE_NODE, "worker-1"))
_SOUND = {
    "container_runtime_version": "containerd://2.3.2",
    "kernel_version": "6.18.1",
    "os_image": "Debian GNU/Linux 13 (trixie)",
}


def _node(*conditions: Condition, **info: str) -> KubeNode:
    status = _NODE.status
    known = {one.type: one for one in (*status.conditions, *conditions)}
    made = msgspec.structs.replace(
        status,
        conditions=tuple(known.values()),
        node_info=msgspec.structs.replace(status.node_info, **{**_SOUND, **info}),
    )
    return changed(_NODE, status=made)


def _case(subject: Any, expected: Outcome, severity: Severity | None, note: str, version: str = "v1.36.2") -> Case:
    return Case("ORC-251", subject, expected, severity, others=(cluster(version=version),), now=NOW, note=note)


_CORDONED = changed(_NODE, spec=msgspec.structs.replace(_NODE.spec, unschedulable=True))

CASES = [
    _case(_NODE, FAIL, Severity.CRITICAL, "recorded: containerd"),
    _case(recorded(Kind.KUBE_NODE, "worker-2"), FAIL, Severity.CRITICAL, "recorded: containerd 1.7"),
    _case(recorded(Kind.KUBE_NODE, "worker-3"), FAIL, Severity.MEDIUM, "recorded: not ready"),
    _case(_CORDONED, FAIL, Severity.CRITICAL, "cordoned"),
    _case(_node(), PASS, None, "well and new"),
    _case(_node(kubelet_version="v1.33.9"), PASS, None, "three versions behind"),
    _case(_node(kubelet_version="v1.32.9"), FAIL, Severity.MEDIUM, "four versions behind"),
    _case(_node(kubelet_version="v1.36.0"), FAIL, Severity.MEDIUM, "newer than the server", "v1.35.1"),
    _case(_node(Condition("DiskPressure", "True", "Full")), FAIL, Severity.MEDIUM, "short of disk"),
    _case(_node(Condition("Ready", "Unknown", "NodeStatusUnknown")), FAIL, Severity.MEDIUM, "not heard of"),
    _case(_node(os_image="Fedora Linux 40 (CoreOS)"), FAIL, Severity.HIGH, "an old system"),
    _case(_node(kernel_version="5.4.0-169-generic"), MANUAL, None, "a distribution's old kernel"),
    _case(_node(kernel_version="5.4.10"), FAIL, Severity.HIGH, "an old kernel"),
    _case(_node(container_runtime_version="docker://29.7.2"), PASS, None, "Docker"),
    _case(_node(container_runtime_version="cri-o://1.34.0"), PASS, None, "CRI-O"),
    _case(_node(container_runtime_version="containerd://unknown"), UNKNOWN, None, "no version"),
    _case(changed(_NODE, status=Gap(Reason.MALFORMED, "status")), UNKNOWN, None, "not readable"),
    Case(
        "ORC-251", _node(), UNKNOWN, others=(), now=NOW, note="the server is not known",
        gaps={(SOURCE, Kind.CLUSTER): Gap(Reason.DENIED, "GET /version")},
    ),
]  # fmt: skip
