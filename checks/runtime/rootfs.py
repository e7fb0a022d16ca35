"""The container's own root file system."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.verdict import Severity, Verdict, failed, passed
from checks.view import View
from inventory.container import Container


@check(
    "RUN-026",
    "Writable root filesystem",
    domain=Domain.RUNTIME,
    severity=Severity.MEDIUM,
    subject=Container,
    why="Malware and drift can be written where programs are executed from.",
    remediation=(
        "--read-only --tmpfs /tmp --tmpfs /run (Compose: `read_only: true`, `tmpfs`), and a volume for data. "
        "Programs that write elsewhere fail at start with EROFS, which names the path to add."
    ),
    references=(
        "CIS-Docker-1.6:5.13", "OWASP-Docker:D09", "ATT&CK:T1525", "ATT&CK:T1105", "CWE-732",
    ),
)  # fmt: skip
def writable_rootfs(container: Container, view: View) -> Verdict:
    """Fail: `HostConfig.ReadonlyRootfs` is false. Pass: true. Source: CIS Docker 5.13."""
    if container.readonly_rootfs:
        return passed()
    return failed("its root file system can be changed", seen("HostConfig.ReadonlyRootfs", False))
