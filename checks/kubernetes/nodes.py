"""Nodes: whether they are well, and whether what runs on them is as old as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.check import Domain, check
from checks.data import containerd, docker_engine
from checks.data.kubernetes import SKEW
from checks.data.updates import advisories
from checks.evidence import seen
from checks.host.lifetimes import judge_kernel, judge_system
from checks.kubernetes.releases import graded, worst
from checks.runtime.versions import judge_version
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from checks.versions import parse_version
from checks.view import View
from inventory.kubernetes.cluster import Cluster, KubeNode, NodeInfo

_BAD_WHEN_TRUE = {
    "MemoryPressure": "is short of memory",
    "DiskPressure": "is short of disk",
    "PIDPressure": "is short of process ids",
    "NetworkUnavailable": "has no network",
}
_RUNTIME = re.compile(r"(containerd|docker)://(.+)")
_INFO = "status.nodeInfo"


@check(
    "ORC-251",
    "Node that is not well, or out of date",
    domain=Domain.ORCHESTRATION,
    severity=Severity.MEDIUM,
    subject=KubeNode,
    why="Pods stop or move, and holes in kubelet, runtime and kernel are ways from a pod to the node.",
    remediation="`kubectl describe node NAME` says why it is not ready. Drain it (`kubectl drain NAME "
    "--ignore-daemonsets`), upgrade kubelet, container runtime and kernel, reboot, `kubectl uncordon NAME`: its pods "
    "are started elsewhere meanwhile.",
    references=("OWASP-K8s:K07", "NIST-800-190:4.5.3", "CWE-1104", "CWE-1395"),
)
def node_problems(node: KubeNode, view: View) -> Verdict:
    """Judges `status.conditions` and `status.nodeInfo`.

    F: not Ready, or a pressure condition is True; the kubelet is more than three minor versions older than the API
    server, or newer; the container runtime, kernel or system fails by RUN-064, RUN-065, HOST-006 or HOST-010 (high).
    M, U: what those rules say. P: none of these. U: the API server's version is not known. A runtime without a table
    (CRI-O) is not judged.
    """
    verdicts = [*_health(node), *_skew(node, view), *_programs(node.status.node_info, view)]
    found = worst(*verdicts) if verdicts else passed()
    if node.spec.unschedulable and found.evidence:
        return Verdict(
            found.outcome, found.message, (*found.evidence, seen("spec.unschedulable", True)), found.severity
        )
    return found


def _health(node: KubeNode) -> Iterator[Verdict]:
    conditions = node.status.conditions
    ready = next((one for one in conditions if one.type == "Ready"), None)
    if ready is None or ready.status != "True":
        said = f"{ready.status} ({ready.reason})" if ready is not None else "no such condition"
        yield failed("is not ready", Evidence("status.conditions[Ready]", said), severity=Severity.MEDIUM)
    for one in conditions:
        if one.type in _BAD_WHEN_TRUE and one.status == "True":
            evidence = Evidence(f"status.conditions[{one.type}]", f"True ({one.reason})")
            yield failed(_BAD_WHEN_TRUE[one.type], evidence, severity=Severity.MEDIUM)


def _skew(node: KubeNode, view: View) -> Iterator[Verdict]:
    for cluster in view.all(Cluster):
        own, server = parse_version(node.status.node_info.kubelet_version), parse_version(cluster.git_version)
        if own is None or server is None:
            continue
        behind = server.release[1] - own.release[1]
        allowed = SKEW if own.release >= (1, 25, 0) else SKEW - 1
        evidence = (
            Evidence(f"{_INFO}.kubeletVersion", node.status.node_info.kubelet_version),
            Evidence("API server", cluster.git_version, cluster.key),
        )
        if behind > allowed:
            yield failed(f"kubelet is {behind} minor versions behind", *evidence, severity=Severity.MEDIUM)
        elif behind < 0:
            yield failed("kubelet is newer than the API server", *evidence, severity=Severity.MEDIUM)
        else:
            yield passed("", *evidence)


def _programs(info: NodeInfo, view: View) -> Iterator[Verdict]:
    tables = view.policy.tables
    found = _RUNTIME.fullmatch(info.container_runtime_version)
    if found is not None:
        path = f"{_INFO}.containerRuntimeVersion"
        if found[1] == "containerd":
            flaws, made = advisories("containerd", containerd.ADVISORIES, containerd.TABLE_DATE, tables)
        else:
            flaws, made = advisories("docker-engine", docker_engine.ADVISORIES, docker_engine.TABLE_DATE, tables)
        yield judge_version(path, found[2], flaws, made, view)
    if info.operating_system in ("", "linux") and info.kernel_version:
        yield graded(judge_kernel(f"{_INFO}.kernelVersion", info.kernel_version, view))
    if info.os_image:
        yield graded(judge_system(f"{_INFO}.osImage", info.os_image, view))
