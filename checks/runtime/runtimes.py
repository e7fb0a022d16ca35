"""What executes a container, and legacy links."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.verdict import Severity, Verdict, failed, manual, passed
from checks.view import View
from inventory.container import Container

_ORDINARY = {"", "oci", "runc", "crun", "youki", "io.containerd.runc.v2"}
_REMOVED = {"io.containerd.runtime.v1.linux", "io.containerd.runc.v1"}
_NOTES = {
    "runsc": "gVisor: stronger isolation than a shared kernel",
    "kata": "a virtual machine: stronger isolation than a shared kernel",
    "krun": "a virtual machine: stronger isolation than a shared kernel",
    "sysbox-runc": "system containers in a user namespace",
    "nvidia": "adds the host's GPU drivers",
}


@check(
    "RUN-055",
    "Legacy links",
    domain=Domain.RUNTIME,
    severity=Severity.INFO,
    subject=Container,
    why="Links copy the other container's environment, secrets included, and its address into this one.",
    remediation=(
        "Drop --link (Compose: `links`) and put both on a user-defined network, where names resolve by themselves. "
        "Programs that read the NAME_PORT_... variables need the name instead."
    ),
    references=("NIST-800-190:4.3.3",),
)
def legacy_links(container: Container, view: View) -> Verdict:
    """Fail (low): `HostConfig.Links` lists something. Pass: null or empty."""
    if not container.links:
        return passed()
    return failed("linked the old way", seen("HostConfig.Links", container.links), severity=Severity.LOW)


@check(
    "RUN-057",
    "Non-default or removed runtime",
    domain=Domain.RUNTIME,
    severity=Severity.INFO,
    subject=Container,
    why="The runtime decides how strongly the container is isolated.",
    remediation=(
        "Recreate with --runtime runc, or with a sandboxed one that the engine lists (docker info). Sandboxes lack "
        "some system calls and cost speed."
    ),
    references=("NIST-800-190:4.5.2", "ATT&CK:T1611", "CWE-732"),
)
def other_runtime(container: Container, view: View) -> Verdict:
    """Fail (medium): `HostConfig.Runtime` was removed upstream (io.containerd.runtime.v1.linux, runc.v1). Manual:
    another one than runc, crun or youki that is not the engine's default, with what it means. Pass: else."""
    runtime = container.runtime
    evidence = seen("HostConfig.Runtime", runtime)
    if runtime in _REMOVED:
        return failed("its runtime is no longer maintained", evidence, severity=Severity.MEDIUM)
    if runtime in _ORDINARY or runtime == view.engine().default_runtime:
        return passed()
    note = next((text for name, text in _NOTES.items() if runtime.startswith(name)), "not a runtime known here")
    return manual(note, evidence)
