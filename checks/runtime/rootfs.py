"""The container's own root file system."""

from __future__ import annotations

from checks.check import Domain, check
from checks.evidence import seen
from checks.verdict import Evidence, Severity, Verdict, failed, manual, not_applicable, passed
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


_SAFE = ("noexec", "nosuid", "nodev")
_OPPOSITE = {"exec": "noexec", "suid": "nosuid", "dev": "nodev"}


@check(
    "RUN-027",
    "Writable tmpfs allows exec",
    domain=Domain.RUNTIME,
    severity=Severity.INFO,
    subject=Container,
    why="The one place that can be written to is a place from which programs can be run.",
    remediation=(
        "--tmpfs /tmp:rw,noexec,nosuid,nodev (Compose: `tmpfs: /tmp:noexec,nosuid,nodev`). Programs that unpack and "
        "run something there fail with EACCES."
    ),
    references=("NIST-800-190:4.4.3", "CWE-732"),
)
def executable_tmpfs(container: Container, view: View) -> Verdict:
    """Manual: a writable tmpfs of a container with a read-only root file system lacks noexec, nosuid or nodev.

    Docker sets all three unless the options say `exec`, `suid` or `dev`; Podman lists what is set, and leaves noexec
    out by itself. Pass: all set, or no tmpfs. Not applicable: a writable root file system, where a tmpfs adds nothing
    (RUN-026). Not looked at: volumes, whose mount options no engine tells. Source: `HostConfig.Tmpfs`, tmpfs(5).
    """
    if not container.readonly_rootfs:
        return not_applicable("its root file system is writable as a whole")
    evidence: list[Evidence] = []
    if container.tmpfs:
        default = () if view.engine().flavour == "podman" else _SAFE
        for target, options in container.tmpfs.items():
            lacking = _lacking(options.split(","), default)
            if lacking and "ro" not in options.split(","):
                said = f"{options or 'no options'}: lacks {', '.join(lacking)}"
                evidence.append(seen(f"HostConfig.Tmpfs.{target}", said))
    return manual("programs can be written to its tmpfs and run", *evidence) if evidence else passed()


def _lacking(options: list[str], default: tuple[str, ...]) -> list[str]:
    flags = set(default)
    for option in options:
        flags.discard(_OPPOSITE.get(option, ""))
        flags |= {option} & set(_SAFE)
    return [flag for flag in _SAFE if flag not in flags]
