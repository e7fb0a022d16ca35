"""Pod Security Standards, one check per control, as `k8s.io/pod-security-admission` evaluates them."""

from __future__ import annotations

from checks.evidence import capped
from checks.template import pod_check
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from inventory.kubernetes.podspec import PodSpec


@pod_check(
    "ORC-101",
    "Privileged container in a pod",
    severity=Severity.CRITICAL,
    why="A process in it has the node's devices and all capabilities: one step to the node.",
    remediation="Remove `securityContext.privileged: true`; add the one capability or device that it needs instead.",
    references=("PSS:baseline:Privileged Containers", "CIS-Kubernetes-1.12:5.2.2", "ATT&CK:T1611", "CWE-250"),
)
def privileged(spec: PodSpec) -> Verdict:
    """F: `securityContext.privileged` is true in a container, init container or ephemeral container. P: else."""
    found = [
        (f"{path}.securityContext.privileged", one.name)
        for path, one in spec.all_containers()
        if one.security_context is not None and one.security_context.privileged
    ]
    if not found:
        return passed()
    names = ", ".join(name for _, name in found)
    return failed(f"container {names} is privileged", *capped([Evidence(path, "true") for path, _ in found], 20))
