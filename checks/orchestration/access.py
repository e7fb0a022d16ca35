"""What a Swarm service may do on the nodes that its tasks land on; judged on the spec, before a task exists."""

from __future__ import annotations

from collections.abc import Iterator

from checks.capabilities import beyond_default, effective, escape_grade
from checks.check import Domain, check
from checks.hostpaths import sensitive_mounts
from checks.network.segments import networks_by_name
from checks.sockets import runtime_sockets
from checks.verdict import Evidence, Severity, Verdict, failed, passed
from checks.view import View
from inventory.model import Network, Service

_SPEC = "Spec.TaskTemplate.ContainerSpec"
Grade = tuple[Severity, str, Evidence]


@check(
    "ORC-011",
    "Service with dangerous host access",
    domain=Domain.ORCHESTRATION,
    severity=Severity.HIGH,
    subject=Service,
    why="Its tasks are root on every node that they land on.",
    remediation="Remove the mount, capability or switched-off filter from the stack file; agents that need the "
    "engine's socket get a filtering proxy, and `placement.constraints` keep them off managers.",
    references=(
        "CIS-Docker-1.6:5.3",
        "CIS-Docker-1.6:5.5",
        "NIST-800-190:4.4.3",
        "ATT&CK:T1610",
        "ATT&CK:T1611",
        "CWE-250",
    ),
)
def dangerous_access(service: Service, view: View) -> Verdict:
    """Judges mounts, capabilities, privileges and networks of the service's spec by the rules for containers.

    F: a runtime socket (critical, RUN-002); a sensitive host path, writable (high or critical, RUN-003) or read-only
    (medium or high, RUN-004); shared propagation is not in the spec; an escape-grade capability (critical, RUN-013) or
    another beyond the default set (high, RUN-014); seccomp unconfined or AppArmor disabled (high, RUN-017, RUN-019);
    SELinux disabled (medium, RUN-020); the host network (high, RUN-006). P: none. U: the spec was not read.
    """
    found = [*_mounts(service), *_capabilities(service), *_filters(service), *_networks(service, view)]
    if not found:
        return passed()
    rules = ", ".join(dict.fromkeys(rule for _severity, rule, _evidence in found))
    severity = max(severity for severity, _rule, _evidence in found)
    return failed(
        f"fails {rules} on every node", *(evidence for _, _, evidence in found), severity=severity, salient=rules
    )


def _mounts(service: Service) -> Iterator[Grade]:
    sockets = {index: socket for index, _mount, socket in runtime_sockets(service.mounts)}
    for index, socket in sockets.items():
        yield Severity.CRITICAL, "RUN-002", _mount_evidence(service, index, socket)
    for index, mount, sensitive in sensitive_mounts(service.mounts):
        if index in sockets:
            continue
        if mount.rw:
            severity = Severity.CRITICAL if sensitive.write_is_root else Severity.HIGH
        else:
            severity = Severity.HIGH if sensitive.read_is_secrets else Severity.MEDIUM
        yield severity, "RUN-003" if mount.rw else "RUN-004", _mount_evidence(service, index, sensitive.path)


def _mount_evidence(service: Service, index: int, what: str) -> Evidence:
    mount = service.mounts[index]
    value = f"{mount.source} at {mount.destination} ({'rw' if mount.rw else 'ro'}): {what}"
    return Evidence(f"{_SPEC}.Mounts[{index}]", value)


def _capabilities(service: Service) -> Iterator[Grade]:
    granted = effective(service.cap_add, service.cap_drop)
    for name, how in escape_grade(granted).items():
        yield Severity.CRITICAL, "RUN-013", Evidence(f"{_SPEC}.CapabilityAdd", f"{name}: {how}")
    for name in beyond_default(granted):
        yield Severity.HIGH, "RUN-014", Evidence(f"{_SPEC}.CapabilityAdd", name)


def _filters(service: Service) -> Iterator[Grade]:
    privileges = service.privileges
    if privileges.seccomp_mode == "unconfined":
        yield Severity.HIGH, "RUN-017", Evidence(f"{_SPEC}.Privileges.Seccomp.Mode", "unconfined")
    if privileges.apparmor_mode == "disabled":
        yield Severity.HIGH, "RUN-019", Evidence(f"{_SPEC}.Privileges.AppArmor.Mode", "disabled")
    if privileges.selinux_disable:
        yield Severity.MEDIUM, "RUN-020", Evidence(f"{_SPEC}.Privileges.SELinuxContext.Disable", "true")


def _networks(service: Service, view: View) -> Iterator[Grade]:
    host = view.index_of(Network, networks_by_name, "host") if service.networks else None
    if {"host", host.id if host else "host"} & set(service.networks):
        yield Severity.HIGH, "RUN-006", Evidence("Spec.TaskTemplate.Networks", "host")
